import { expect, test } from 'vitest';
import { Activity, TrailingRate } from '../src/activity.ts';

test('a rate is what came within 30 s, and is 0 when nothing came', () => {
  const rate = new TrailingRate();
  expect(rate.perSecond(0)).toBe(0);
  rate.add(0, 15);
  rate.add(10, 30);
  expect([10, 29.9, 30, 39.9, 40].map((now) => rate.perSecond(now))).toEqual([1.5, 1.5, 1, 1, 0]);
});

test('an activity lasts 5 s longer than it was seen, in whatever order it was seen', () => {
  const activity = new Activity();
  expect(activity.running(0)).toBe(0);
  activity.busy(10);
  activity.busy(3);
  expect([10, 15, 15.1].map((now) => activity.running(now))).toEqual([1, 1, 0]);
});
