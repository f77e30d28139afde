import { catalogue, type MetricName, metrics } from '@inferometer/core/catalogue/catalogue';
import type { MetricDefinition, Unit } from '@inferometer/core/catalogue/definition';
import { family, familyOfSamples } from '@inferometer/core/catalogue/readings';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import { writeText } from '@inferometer/core/exposition/write-text';
import { version } from '@inferometer/core/version';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { need } from '../../../test/helpers/parts.ts';

const promtool = need('prometheus');

/** How a name says its unit. */
const unitInName: Record<Unit, RegExp> = {
  seconds: /_seconds(_total)?$/,
  bytes: /_bytes$/,
  watts: /_watts$/,
  celsius: /_celsius$/,
  ratio: /_ratio$/,
  tokens: /_tokens(_total|_per_request)$/,
  requests: /_requests(_total|_in_flight)$/,
  'requests/s': /_rps$/,
  none: /^(?!.*_(seconds|bytes|watts|celsius|ratio|tokens)(_|$))/,
};

/** Names that their users know already, or that would say their unit twice. */
const namedOtherwise = [
  'ollama_errors_total',
  'ollama_token_count_estimated_total',
  'vllm_errors_total',
  'vllm_token_count_estimated_total',
  'vllm_cache_usage',
];

/** Names of the metrics that a rule does not hold for. */
function exceptions(holds: (name: string, definition: MetricDefinition) => boolean): readonly string[] {
  return metrics.filter(([name, definition]) => !holds(name, definition)).map(([name]) => name);
}

test('every name is lower-case words under a prefix of ours', () => {
  expect(exceptions((name) => /^(ollama|vllm|gpu|host|inferometer)(_[a-z0-9]+)+$/.test(name))).toEqual([]);
});

test('counters end in _total, nothing else does', () => {
  expect(exceptions((name, { type }) => name.endsWith('_total') === (type === 'counter'))).toEqual([]);
});

test('no name ends like a part of a histogram', () => {
  expect(exceptions((name) => !/_(bucket|sum|count)$/.test(name))).toEqual([]);
});

test('every name says its unit, but for those that are fixed', () => {
  expect(exceptions((name, { unit }) => unitInName[unit].test(name))).toEqual(namedOtherwise);
});

test('every help is a sentence of one line, with no word left to fill in', () => {
  expect(exceptions((_, { help }) => /^[0-9A-Z][^{}\n]*\.$/.test(help))).toEqual([]);
});

test('every metric says where its readings come from', () => {
  expect(exceptions((_, { source }) => /^[^{}\n]+$/.test(source))).toEqual([]);
});

test('labels are lower-case words and named once', () => {
  const isWord = (label: string) => /^[a-z][a-z_]*$/.test(label);
  expect(exceptions((_, { labels }) => labels.every(isWord) && new Set(labels).size === labels.length)).toEqual([]);
});

test('no label is one that targets carry or that Prometheus reads', () => {
  const taken = new Set(['job', 'instance', 'cluster', 'run', 'le', 'quantile']);
  expect(exceptions((_, { labels }) => !labels.some((label) => taken.has(label)))).toEqual([]);
});

test('histograms have buckets, nothing else has', () => {
  expect(exceptions((_, { type, buckets }) => (buckets !== undefined) === (type === 'histogram'))).toEqual([]);
});

test('buckets ascend, are positive and leave +Inf to the writer', () => {
  const ascend = (bounds: readonly number[]) => bounds.every((bound, at) => bound > (bounds[at - 1] ?? 0));
  expect(exceptions((_, { buckets = [] }) => ascend(buckets) && buckets.every(Number.isFinite))).toEqual([]);
});

test('every metric was first exposed by this release or an earlier one', () => {
  const isPast = (since: string) => since.localeCompare(version, 'en', { numeric: true }) <= 0;
  expect(exceptions((_, { since }) => /^\d+\.\d+\.\d+$/.test(since) && isPast(since))).toEqual([]);
});

test('a family of the catalogue has its type and help, and no sample for what was not read', () => {
  const readings = [{ labels: { mode: 'user' }, value: 1 }, { value: undefined }, { value: NaN }];
  expect(family('host_cpu_seconds_total', readings)).toEqual({
    name: 'host_cpu_seconds_total',
    type: 'counter',
    help: catalogue.host_cpu_seconds_total.help,
    samples: [{ name: 'host_cpu_seconds_total', labels: { mode: 'user' }, value: 1 }],
  });
});

test.skipIf(promtool.skip)(`promtool finds nothing wrong with an exposition${promtool.note}`, async () => {
  const { exitCode, stdout, stderr } = await execa('promtool', ['check', 'metrics'], {
    input: writeText(metrics.map(([name, definition]) => exampleOf(name, definition))),
    reject: false,
  });
  expect({ exitCode, output: stdout + stderr }).toEqual({ exitCode: 0, output: '' });
});

/** One series of the metric. */
function exampleOf(name: MetricName, { labels: names, buckets }: MetricDefinition): MetricFamily {
  const labels = Object.fromEntries(names.map((label) => [label, 'x']));
  if (!buckets) return family(name, [{ labels, value: 1 }]);
  const bounds = [...buckets.map(String), '+Inf'];
  return familyOfSamples(name, [
    ...bounds.map((le) => ({ name: `${name}_bucket`, labels: { ...labels, le }, value: 1 })),
    { name: `${name}_sum`, labels, value: 0 },
    { name: `${name}_count`, labels, value: 1 },
  ]);
}
