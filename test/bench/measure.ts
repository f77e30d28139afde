import { setTimeout as sleep } from 'node:timers/promises';
import { requestsPerSecond, stall, Streams, timesToFirstToken } from './client.ts';
import { cpuMs, peakResidentMb } from './process.ts';
import { median } from './quantile.ts';
import { type Relay, type Relays, type Variant, variants } from './relays.ts';
import { chunksPerSecond } from './wire.ts';

/** How long and how often is measured. */
export interface Plan {
  readonly rounds: number;
  readonly settleMs: number;
  /** Of chunks; then of times to the first token, while the streams go on. */
  readonly windowMs: number;
  readonly requestsMs: number;
  readonly memoryMs: number;
  readonly rampSteps: number;
  readonly rampRounds: number;
}

export const levels = [1, 64, 128, 512] as const;
export const connections = 32;
/** Streams of the ramp; the first has to be carried by any relay. */
const rampRange = [100, 512] as const;

/** What was recorded of one variant at one number of streams, over all rounds. */
export interface Cell {
  readonly variant: Variant;
  readonly streams: number;
  delaysMs: number[];
  ttftMs: number[];
  reads: number;
  seconds: number;
  cpuMs: number;
}

export interface Memory {
  readonly atMostStreams: number;
  readonly stalledClient: number;
}

export interface Results {
  readonly cells: readonly Cell[];
  readonly requests: Readonly<Record<Variant, readonly number[]>>;
  /** Chunks/s, one value of each round. */
  readonly unmerged: Readonly<Record<Variant, readonly number[]>>;
  readonly memoryMb: Readonly<Partial<Record<Variant, Memory>>>;
}

type Say = (what: string) => void;

/** Measures all variants in turn, round after round, so that what else the machine does meets all of them. */
export async function measure(relays: Relays, plan: Plan, say: Say): Promise<Results> {
  const running = await Promise.all(variants.map((variant) => relays.start(variant)));
  const cells = variants.flatMap((variant) => levels.map((streams) => emptyCell(variant, streams)));
  const requests: Record<Variant, number[]> = { direct: [], nginx: [], meter: [] };
  const unmerged: Record<Variant, number[]> = { direct: [], nginx: [], meter: [] };
  for (const relay of running) await warmUp(relay, plan);
  for (let round = 0; round < plan.rounds; round += 1) {
    say(`round ${round + 1} of ${plan.rounds}`);
    const turn = rotated(running, round);
    for (const relay of turn)
      requests[relay.variant].push(await requestsPerSecond(relay, connections, plan.requestsMs));
    for (const streams of levels) {
      for (const relay of turn) {
        const cell = cells.find((candidate) => candidate.variant === relay.variant && candidate.streams === streams);
        if (cell) await record(cell, relay, plan);
      }
    }
    if (round >= plan.rampRounds) continue;
    for (const relay of turn) unmerged[relay.variant].push(await highestUnmerged(relay, plan));
  }
  for (const relay of running) await relay.stop();
  say('memory');
  const memoryMb = { nginx: await memory(relays, 'nginx', plan), meter: await memory(relays, 'meter', plan) };
  return { cells, requests, unmerged, memoryMb };
}

function emptyCell(variant: Variant, streams: number): Cell {
  return { variant, streams, delaysMs: [], ttftMs: [], reads: 0, seconds: 0, cpuMs: 0 };
}

function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

/** What a relay does first is slower than what it does for the rest of its life. */
async function warmUp(relay: Relay, plan: Plan): Promise<void> {
  const streams = new Streams();
  await streams.open(relay, 128);
  await timesToFirstToken(relay, plan.windowMs);
  await streams.close();
}

async function record(cell: Cell, relay: Relay, plan: Plan): Promise<void> {
  const streams = new Streams();
  await streams.open(relay, cell.streams);
  await sleep(plan.settleMs);
  const before = cpuOf(relay);
  const start = performance.now();
  streams.reset();
  await sleep(plan.windowMs);
  cell.cpuMs += cpuOf(relay) - before;
  cell.seconds += (performance.now() - start) / 1000;
  cell.reads += streams.reads;
  cell.delaysMs = cell.delaysMs.concat(streams.delays);
  cell.ttftMs = cell.ttftMs.concat(await timesToFirstToken(relay, plan.windowMs));
  await streams.close();
}

function cpuOf({ pid }: Relay): number {
  return pid === undefined ? 0 : cpuMs(pid);
}

/**
 * The highest rate of chunks at which all of them arrive, each on its own. A relay that falls behind finds several in
 * one read and relays them as one piece, at a higher rate and a lower cost, but late.
 */
async function highestUnmerged(relay: Relay, plan: Plan): Promise<number> {
  let [low, high]: [number, number] = [...rampRange];
  if (await isUnmerged(relay, high, plan)) return high * chunksPerSecond;
  for (let step = 0; step < plan.rampSteps; step += 1) {
    const middle = Math.round((low + high) / 2);
    if (await isUnmerged(relay, middle, plan)) low = middle;
    else high = middle;
  }
  return low * chunksPerSecond;
}

async function isUnmerged(relay: Relay, count: number, plan: Plan): Promise<boolean> {
  const streams = new Streams();
  await streams.open(relay, count);
  await sleep(plan.settleMs);
  const start = performance.now();
  streams.reset();
  await sleep(plan.windowMs);
  const rate = streams.delays.length / ((performance.now() - start) / 1000);
  const [chunks, reads, delay] = [streams.delays.length, streams.reads, median(streams.delays) ?? Infinity];
  await streams.close();
  return rate >= 0.98 * count * chunksPerSecond && chunks <= 1.1 * reads && delay < 1000 / chunksPerSecond;
}

/** Of a fresh process each, at its highest. */
async function memory(relays: Relays, variant: Variant, plan: Plan): Promise<Memory> {
  const busy = await relays.start(variant);
  const streams = new Streams();
  await streams.open(busy, 512);
  const atMostStreams = await peakResidentMb(busy.pid ?? 0, plan.memoryMs);
  await streams.close();
  await busy.stop();
  const stalled = await relays.start(variant);
  const release = await stall(stalled, 1);
  const stalledClient = await peakResidentMb(stalled.pid ?? 0, plan.memoryMs);
  release();
  await stalled.stop();
  return { atMostStreams, stalledClient };
}
