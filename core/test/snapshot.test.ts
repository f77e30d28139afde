import type { MetricFamily } from '@inferometer/core/exposition/family';
import { createSnapshot, snapshotText } from '@inferometer/core/snapshot';
import { expect, test } from 'vitest';

function histogram(...bounds: readonly string[]): MetricFamily {
  const samples = bounds.map((le) => ({ name: 'h_bucket', labels: { le }, value: 1 }));
  return { name: 'h', type: 'histogram', help: 'H.', samples };
}

test('is frozen down to the lists of samples', () => {
  const snapshot = createSnapshot(1, 1000, [[histogram('1')]]);
  const parts = [snapshot, snapshot.families, snapshot.conflicts, snapshot.families[0], snapshot.families[0]?.samples];
  expect(parts.map(Object.isFrozen)).toEqual(parts.map(() => true));
});

test('leaves the families that it was given as they were', () => {
  const given = histogram('1');
  createSnapshot(1, 1000, [[given]]);
  expect(given).toEqual(histogram('1'));
  expect(Object.isFrozen(given)).toBe(false);
});

test('spells bucket bounds canonically', () => {
  expect(createSnapshot(1, 1000, [[histogram('1', '1000000', '+Inf')]]).families).toEqual([
    histogram('1.0', '1e+06', '+Inf'),
  ]);
});

test('a bucket that is there already in another spelling is left out and named', () => {
  const { families, conflicts } = createSnapshot(1, 1000, [[histogram('1')], [histogram('1.0')]]);
  expect(families).toEqual([histogram('1.0')]);
  expect(conflicts).toHaveLength(1);
});

test('its text is written once, however many ask for it', () => {
  let reads = 0;
  const sample = {
    name: 'm',
    labels: {},
    get value() {
      reads += 1;
      return 7;
    },
  };
  const snapshot = createSnapshot(1, 1000, [[{ name: 'm', type: 'gauge', help: 'M.', samples: [sample] }]]);
  const texts = [snapshotText(snapshot), snapshotText(snapshot)];
  expect(texts).toEqual(Array(2).fill('# HELP m M.\n# TYPE m gauge\nm 7\n'));
  expect(reads).toBe(1);
});
