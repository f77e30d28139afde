import { type Labels, type MetricFamily, type MetricType, seriesKey } from '@inferometer/core/exposition/family';
import { mergeFamilies } from '@inferometer/core/exposition/merge';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { families as anyFamilies } from './arbitraries.ts';

function family(name: string, type: MetricType, ...labelSets: readonly Labels[]): MetricFamily {
  return { name, type, help: `${name}.`, samples: labelSets.map((labels) => ({ name, labels, value: 1 })) };
}

test('joins families of one name where the first of them stands', () => {
  const merged = mergeFamilies([
    [family('a', 'gauge', { l: '1' }), family('b', 'gauge', {})],
    [family('a', 'gauge', { l: '2' })],
  ]);
  expect(merged).toEqual({
    families: [family('a', 'gauge', { l: '1' }, { l: '2' }), family('b', 'gauge', {})],
    conflicts: [],
  });
});

test('drops families without samples', () => {
  expect(mergeFamilies([[family('a', 'gauge')]])).toEqual({ families: [], conflicts: [] });
});

test('leaves out and names a family whose type differs from an earlier one', () => {
  const merged = mergeFamilies([[family('a', 'gauge', {})], [family('a', 'counter', { l: '1' })]]);
  expect(merged).toEqual({ families: [family('a', 'gauge', {})], conflicts: ['a is a gauge and a counter'] });
});

test.each<[string, Labels, Labels]>([
  ['equal labels', { l: '1' }, { l: '1' }],
  ['equal labels in another order', { a: '1', b: '2' }, { b: '2', a: '1' }],
  ['an empty label, which is none', { a: '1' }, { a: '1', b: '' }],
])('leaves out and names the second series with %s', (_, first, second) => {
  const { families, conflicts } = mergeFamilies([[family('a', 'gauge', first)], [family('a', 'gauge', second)]]);
  expect(families).toEqual([family('a', 'gauge', first)]);
  expect(conflicts).toEqual([expect.stringMatching(/^series .* twice$/)]);
});

test('a part of a histogram and a family of that name are the same series', () => {
  const histogram: MetricFamily = { ...family('h', 'histogram'), samples: [{ name: 'h_sum', labels: {}, value: 1 }] };
  expect(mergeFamilies([[histogram, family('h_sum', 'gauge', {})]])).toMatchObject({
    families: [{ name: 'h' }],
    conflicts: ['series ["h_sum"] twice'],
  });
});

test('no series is there twice, and each one is exposed or named', () => {
  fc.assert(
    fc.property(fc.array(anyFamilies, { maxLength: 4 }), (lists) => {
      const { families, conflicts } = mergeFamilies(lists);
      const exposed = families.flatMap(({ samples }) => samples.map(seriesKey));
      expect(new Set(exposed).size).toBe(exposed.length);
      const given = new Set(lists.flat(2).flatMap(({ samples }) => samples.map(seriesKey)));
      expect(exposed.length).toBeLessThanOrEqual(given.size);
      if (conflicts.length === 0) expect(new Set(exposed)).toEqual(given);
    }),
  );
});
