import { family } from '@inferometer/core/catalogue/readings';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import type { Sink } from '@inferometer/core/sink';
import type { Snapshot } from '@inferometer/core/snapshot';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Agent } from '../src/agent.ts';
import type { Collector } from '../src/collector.ts';
import { linesOf } from './support/golden.ts';
import { RecordedLog } from './support/recorded-log.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const load = (value: number): readonly MetricFamily[] => [family('host_load1', [{ value }])];

/** A collector that is told what to do. */
function collector(overrides: Partial<Collector> = {}): Collector {
  return {
    name: 'fake',
    start: () => {},
    families: () => load(1),
    refresh: () => Promise.resolve(),
    close: () => Promise.resolve(),
    ...overrides,
  };
}

function agentOf(collectors: readonly Collector[], intervalMs = 60_000) {
  const snapshots: Snapshot[] = [];
  const events: string[] = [];
  const sink: Sink = {
    name: 'fake',
    accept: (snapshot) => void snapshots.push(snapshot),
    families: () => [],
    close: () => Promise.resolve(void events.push('sink closed')),
  };
  const recorded = new RecordedLog();
  const agent = new Agent({ collectors, sinks: [sink], intervalMs, log: recorded.log });
  const value = (place: number, name: string) => linesOf(snapshots[place]?.families ?? [], name);
  return { agent, snapshots, events, recorded, value };
}

test('a snapshot is there as soon as the agent has started', () => {
  const { agent, value } = agentOf([collector()]);
  agent.start();
  expect(value(0, 'host_load1')).toEqual(['host_load1 1']);
  expect(value(0, 'inferometer_snapshot_seq')).toEqual(['inferometer_snapshot_seq 1']);
});

test('the last snapshot is taken when all collectors have read once more', async () => {
  let reading = 1;
  const refresh = () => Promise.resolve().then(() => void (reading = 2));
  const { agent, value, snapshots } = agentOf([collector({ families: () => load(reading), refresh })]);
  agent.start();
  await agent.close();
  expect(value(0, 'host_load1')).toEqual(['host_load1 1']);
  expect(value(1, 'host_load1')).toEqual(['host_load1 2']);
  expect(snapshots).toHaveLength(2);
});

test('a collector that hangs does not keep the others from their last word', async () => {
  const hangs = collector({ name: 'hangs', families: () => [], refresh: () => new Promise(() => {}) });
  const { agent, snapshots } = agentOf([hangs, collector()]);
  agent.start();
  vi.useRealTimers();
  await agent.close();
  expect(snapshots).toHaveLength(2);
});

test('a collector that never closes holds up neither the sinks nor the end', async () => {
  const { agent, events } = agentOf([collector({ close: () => new Promise(() => undefined) })]);
  agent.start();
  const closed = agent.close();
  await vi.advanceTimersByTimeAsync(1000);
  await closed;
  expect(events).toEqual(['sink closed']);
});

test('a series that two collectors have is exposed once, counted from the next tick on, and logged once', async () => {
  const { agent, recorded, value } = agentOf([collector(), collector({ families: () => load(2) })], 100);
  agent.start();
  vi.advanceTimersByTime(1000);
  await agent.close();
  expect(value(1, 'host_load1')).toEqual(['host_load1 1']);
  expect(value(0, 'inferometer_dropped_series')).toEqual(['inferometer_dropped_series 0']);
  expect(value(1, 'inferometer_dropped_series')).toEqual(['inferometer_dropped_series 1']);
  expect(recorded.lines).toMatchObject([{ level: 'warn', count: 1, first: 'series ["host_load1"] twice' }]);
});

test('says how often it missed a tick, and what it costs', () => {
  const { agent, value } = agentOf([]);
  agent.start();
  expect(value(0, 'inferometer_missed_ticks_total')).toEqual(['inferometer_missed_ticks_total 0']);
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'snapshot_timestamp_seconds']) {
    expect(Number(value(0, `inferometer_${name}`)[0]?.split(' ')[1])).toBeGreaterThan(0);
  }
});
