import { expect, test } from 'vitest';
import { ollama } from '../src/dashboards/ollama.ts';
import { queriesOf, substitute } from '../src/queries-of.ts';

test('finds every query of every panel', () => {
  const queries = queriesOf(ollama());
  expect(queries.filter(({ panel }) => panel === 'Request latency').map(({ legend }) => legend)).toEqual([
    'p50',
    'p90',
    'p95',
    'p99',
    'mean',
  ]);
  expect(queries[0]).toMatchObject({ panelId: 1, panel: 'Workload status', refId: 'A', instant: true });
});

test('substitutes variables, everything by default', () => {
  const expr = 'rate(x{run=~"$run", model=~"$model"}[$__rate_interval])';
  expect(substitute(expr)).toBe('rate(x{run=~".*", model=~".*"}[1m])');
  expect(substitute(expr, { run: '42', __rate_interval: '20s' })).toBe('rate(x{run=~"42", model=~".*"}[20s])');
});

test('refuses a variable that no dashboard has', () => {
  expect(() => substitute('x{job="$job"}')).toThrow('no value for $job');
});
