import { metrics } from '@inferometer/core/catalogue/catalogue';
import type { MetricDefinition } from '@inferometer/core/catalogue/definition';
import { type LabelVocabulary, vocabularies } from './label-values.ts';
import { code, markdownTable } from './table.ts';

const prefixes = {
  ollama: 'Ollama',
  vllm: 'vLLM',
  gpu: 'GPUs',
  host: 'Nodes',
  inferometer: 'Inferometer itself and the run',
} as const;

/** docs/metrics.md: every metric of the catalogue, by prefix, and what its labels may say. */
export function metricsPage(): string {
  return [
    '<!-- Written by `npm run generate` from core/src/catalogue. -->\n\n',
    '# Metrics\n\n',
    'Every metric that Inferometer exposes. Names, types and labels are kept from release to release.\n\n',
    'No metric carries the labels of its run: Prometheus has them from the target, or from the group on the\n',
    'Pushgateway. They are `job` (always `inferometer`), `cluster`, `run` and `instance` (the node). What is not known\n',
    'is absent: no series, rather than 0 or an old value. A label may be absent too.\n',
    ...Object.entries(prefixes).map(([prefix, title]) => section(prefix, title)),
    '\n## Values of labels\n',
    ...vocabularies.map(vocabularySection),
  ].join('');
}

function section(prefix: string, title: string): string {
  const rows = metrics
    .filter(([name]) => name.startsWith(`${prefix}_`))
    .map(([name, definition]) => row(name, definition));
  return `\n## ${title}: ${code(`${prefix}_*`)}\n\n${markdownTable(head, rows)}`;
}

const head = ['name', 'type', 'unit', 'labels', 'help', 'source', 'since'] as const;

function row(name: string, { type, unit, labels, help, source, since }: MetricDefinition): readonly string[] {
  const list = labels.map(code).join(', ');
  return [code(name), type, unit === 'none' ? '' : unit, list, help, source, since];
}

function vocabularySection({ label, of, values }: LabelVocabulary): string {
  const rows = Object.entries(values).map(([value, meaning]) => [code(value), meaning]);
  return `\n### ${code(label)} of ${of}\n\n${markdownTable(['value', 'meaning'], rows)}`;
}
