import { formatDuration, parseDuration } from '@inferometer/core/duration';
import fc from 'fast-check';
import { expect, test } from 'vitest';

test.each([
  ['500ms', 500],
  ['5s', 5000],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['0s', 0],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '5', 's', '-5s', '5 s', '5S', '1.s', '.5s', '1e3s', '5d', '5s '])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [0, '0ms'],
  [1500, '1500ms'],
  [60_000, '1m'],
  [90_000, '90s'],
  [7_200_000, '2h'],
])('%d ms is written %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('a written duration reads back as the same milliseconds', () => {
  fc.assert(
    fc.property(fc.nat(), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
});
