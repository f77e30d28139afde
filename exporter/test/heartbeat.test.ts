import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Heartbeat } from '../src/heartbeat.ts';

let now = 0;

beforeEach(() => {
  now = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Time passes, and timers run in it. */
function pass(milliseconds: number): void {
  for (let step = 0; step < milliseconds; step += 1) {
    now += 1;
    vi.advanceTimersByTime(1);
  }
}

/** A heartbeat of 10 ms, and the times of its ticks; `busy` tells how long a tick takes. */
function beating(busy: (tick: number) => number = () => 0) {
  const ticks: number[] = [];
  const heartbeat = new Heartbeat(10, () => {
    ticks.push(now);
    now += busy(ticks.length);
  });
  heartbeat.start();
  return { heartbeat, ticks };
}

test('ticks at once and then once an interval', () => {
  const { heartbeat, ticks } = beating();
  pass(35);
  expect(ticks).toEqual([0, 10, 20, 30]);
  expect(heartbeat.missed).toBe(0);
});

test('keeps to its grid however long a tick takes within its interval', () => {
  const { heartbeat, ticks } = beating((tick) => (tick % 2 === 0 ? 7 : 3));
  while (now < 45) pass(1);
  expect(ticks.map((time) => time % 10)).toEqual(ticks.map(() => 0));
  expect(heartbeat.missed).toBe(0);
});

test('counts the ticks whose time passed while the process could not run, and does not make up for them', () => {
  const { heartbeat, ticks } = beating((tick) => (tick === 2 ? 35 : 0));
  // The second tick, at 10, ends at 45: those of 20, 30 and 40 are lost.
  while (now < 65) pass(1);
  expect(ticks).toEqual([0, 10, 50, 60]);
  expect(heartbeat.missed).toBe(3);
});

test('ticks no more once it is stopped', () => {
  const { heartbeat, ticks } = beating();
  pass(10);
  heartbeat.stop();
  pass(50);
  expect(ticks).toEqual([0, 10]);
});
