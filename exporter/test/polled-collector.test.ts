import { performance } from 'node:perf_hooks';
import { family } from '@inferometer/core/catalogue/readings';
import { TimeoutError } from '@inferometer/core/http-request';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ReadError } from '../src/collector.ts';
import { PolledCollector } from '../src/polled-collector.ts';
import { linesOf } from './support/golden.ts';
import { RecordedLog } from './support/recorded-log.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A collector whose source is read every second by the test's own function. */
function polled(read: () => Promise<number>) {
  const recorded = new RecordedLog();
  const toFamilies = (value: number) => [family('host_load1', [{ value }])];
  const source = { name: 'fake', target: 'somewhere', cadenceMs: 1000, read, toFamilies };
  const collector = new PolledCollector(source, recorded.log);
  return { collector, recorded, lines: (name: string) => linesOf(collector.families(), name) };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

test('reads at once and then once a cadence', async () => {
  let readings = 0;
  const { collector, lines } = polled(() => Promise.resolve((readings += 1)));
  expect(lines('')).toEqual([]);
  collector.start();
  await settle();
  expect(lines('host_load1')).toEqual(['host_load1 1']);
  await vi.advanceTimersByTimeAsync(1000);
  expect(lines('host_load1')).toEqual(['host_load1 2']);
  await collector.close();
});

test('a reading that takes long holds up the next: there is never a second one', async () => {
  const waiting: ((value: number) => void)[] = [];
  const { collector } = polled(() => new Promise((resolve) => waiting.push(resolve)));
  collector.start();
  await vi.advanceTimersByTimeAsync(5000);
  expect(waiting).toHaveLength(1);
  waiting[0]?.(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(waiting).toHaveLength(2);
  waiting[1]?.(1);
  await collector.close();
});

test('a reading older than three cadences is absent', async () => {
  const { collector, lines } = polled(() => Promise.resolve(1));
  collector.start();
  await settle();
  const at = performance.now();
  const now = vi.spyOn(performance, 'now').mockReturnValue(at + 2900);
  expect(lines('host_load1')).toHaveLength(1);
  now.mockReturnValue(at + 3100);
  expect(lines('host_load1')).toEqual([]);
  await collector.close();
});

test('a reading that failed leaves nothing of the one before', async () => {
  let works = true;
  const { collector, lines } = polled(() => (works ? Promise.resolve(1) : Promise.reject(new Error('gone'))));
  collector.start();
  await settle();
  works = false;
  await collector.refresh();
  expect(lines('host_load1')).toEqual([]);
  await collector.close();
});

test.each([
  ['no_data', new ReadError('no_data', 'x')],
  ['malformed', new ReadError('malformed', 'x')],
  ['timeout', new TimeoutError('x')],
  ['unreachable', new Error('ECONNREFUSED')],
])('a failure is counted by its reason: %s', async (reason, error) => {
  const { collector, lines } = polled(() => Promise.reject(error));
  collector.start();
  await collector.refresh();
  expect(lines('inferometer_collector')).toEqual([
    'inferometer_collector_up{collector="fake",target="somewhere"} 0',
    `inferometer_collector_failures_total{collector="fake",target="somewhere",reason="${reason}"} 2`,
  ]);
  await collector.close();
});

test('each change of state is logged once', async () => {
  let works = false;
  const { collector, recorded } = polled(() => (works ? Promise.resolve(1) : Promise.reject(new Error('gone'))));
  collector.start();
  for (const state of [false, false, true, true, false]) {
    works = state;
    await collector.refresh();
  }
  await collector.close();
  expect(recorded.lines.map(({ level }) => level)).toEqual(['warn', 'info', 'warn']);
});

describe('refresh', () => {
  test('resolves with a reading that began after the call', async () => {
    let value = 1;
    const waiting: (() => void)[] = [];
    const read = () => new Promise<number>((resolve) => waiting.push(() => resolve(value)));
    const { collector, lines } = polled(read);
    collector.start();
    const refreshed = collector.refresh();
    waiting[0]?.();
    await settle();
    value = 2;
    waiting[1]?.();
    await refreshed;
    expect(lines('host_load1')).toEqual(['host_load1 2']);
    await collector.close();
  });

  test('begins no new reading once the collector is closed', async () => {
    const waiting: ((value: number) => void)[] = [];
    const { collector } = polled(() => new Promise((resolve) => waiting.push(resolve)));
    collector.start();
    const refreshed = collector.refresh();
    const closed = collector.close();
    waiting[0]?.(1);
    await Promise.all([closed, refreshed]);
    expect(waiting).toHaveLength(1);
  });
});

test('close resolves when nothing of the collector runs any more', async () => {
  const { collector } = polled(() => Promise.resolve(1));
  collector.start();
  await settle();
  await collector.close();
  expect(vi.getTimerCount()).toBe(0);
});
