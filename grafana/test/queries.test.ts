import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue, metrics } from '@inferometer/core/catalogue/catalogue';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { substitute } from '../src/queries-of.ts';
import { allQueries } from './generated.ts';
import { nodes, syntaxErrors } from './promql.ts';

const rulesFile = join(import.meta.dirname, '../../prometheus/dist/rules.yaml');
const { groups } = parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: { record: string }[] }[] };

const known = new Set([
  ...groups.flatMap(({ rules }) => rules.map(({ record }) => record)),
  ...metrics.flatMap(([name, { type }]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
]);

function hasModel(selector: string): boolean {
  const name = selector.replace(/(_bucket|_sum|_count)?\{.*/s, '');
  return name in catalogue && (catalogue[name as keyof typeof catalogue].labels as readonly string[]).includes('model');
}

describe.each(allQueries)('$where', ({ expr }) => {
  const sent = substitute(expr);
  const selectors = nodes(sent, 'VectorSelector');

  test('is PromQL', () => {
    expect(syntaxErrors(sent)).toEqual([]);
    expect(selectors.length).toBeGreaterThan(0);
  });

  test('asks for metrics that exist', () => {
    for (const selector of selectors) expect(known).toContain(selector.replace(/\{.*/s, ''));
  });

  test('selects cluster, run and host everywhere, and the model where the metric has one', () => {
    for (const selector of nodes(expr.replaceAll(/\[\$\w+\]/g, '[1m]'), 'VectorSelector')) {
      for (const label of ['cluster', 'run', 'instance']) expect(selector).toContain(`${label}=~"$${label}"`);
      expect(selector.includes('model=~"$model"')).toBe(hasModel(selector));
    }
  });

  test('looks back over $__rate_interval for rates and over $__range for totals', () => {
    for (const call of expr.match(/\w+\([^()]*\[[^\]]*\]/g) ?? []) {
      expect(call).toMatch(/^(rate\(.*\[\$__rate_interval\]|last_over_time\(.*\[\$__range\])$/);
    }
    expect(expr).not.toMatch(/increase|irate/);
  });

  test('reads a counter through rate() or last_over_time()', () => {
    const counters = expr.match(/\w+_total\b/g) ?? [];
    expect(expr.match(/(?<=(rate|last_over_time)\()\w+_total\b/g) ?? []).toEqual(counters);
  });
});
