import { setTimeout as delay } from 'node:timers/promises';
import { family } from '@inferometer/core/catalogue/readings';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import type { Log } from '@inferometer/core/log';
import type { Sink } from '@inferometer/core/sink';
import { createSnapshot, type Snapshot } from '@inferometer/core/snapshot';
import type { Collector } from './collector.ts';
import { Heartbeat } from './heartbeat.ts';

/** What the sources get to say a last word, and to close; one that hangs is left behind. */
const patienceMs = 1000;

async function withinPatience(work: readonly Promise<void>[]): Promise<void> {
  await Promise.race([Promise.all(work), delay(patienceMs, undefined, { ref: false })]);
}

export interface AgentParts {
  readonly collectors: readonly Collector[];
  readonly sinks: readonly Sink[];
  readonly intervalMs: number;
  readonly log: Log;
}

/** Takes a snapshot of all collectors at every tick and hands it to all sinks. */
export class Agent {
  readonly #parts: AgentParts;
  readonly #heartbeat: Heartbeat;
  #seq = 0;
  #conflicts = 0;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.#heartbeat = new Heartbeat(parts.intervalMs, () => this.#tick());
  }

  start(): void {
    for (const collector of this.#parts.collectors) collector.start();
    this.#heartbeat.start();
  }

  /** Reads once more, takes a last snapshot, then closes the collectors and the sinks. */
  async close(): Promise<void> {
    this.#heartbeat.stop();
    const { collectors, sinks } = this.#parts;
    await withinPatience(collectors.map((collector) => collector.refresh()));
    this.#tick();
    await Promise.all([
      withinPatience(collectors.map((collector) => collector.close())),
      ...sinks.map((sink) => sink.close()),
    ]);
  }

  #tick(): void {
    this.#seq += 1;
    const time = Date.now();
    const snapshot = createSnapshot(this.#seq, time, [
      ...this.#parts.collectors.map((collector) => collector.families()),
      ...this.#parts.sinks.map((sink) => sink.families()),
      this.#ownFamilies(time),
    ]);
    this.#noteConflicts(snapshot);
    for (const sink of this.#parts.sinks) sink.accept(snapshot);
  }

  #ownFamilies(time: number): readonly MetricFamily[] {
    const { user, system } = process.cpuUsage();
    return [
      family('inferometer_snapshot_seq', [{ value: this.#seq }]),
      family('inferometer_snapshot_timestamp_seconds', [{ value: time / 1000 }]),
      family('inferometer_missed_ticks_total', [{ value: this.#heartbeat.missed }]),
      family('inferometer_dropped_series', [{ value: this.#conflicts }]),
      family('inferometer_process_cpu_seconds_total', [{ value: (user + system) / 1e6 }]),
      family('inferometer_process_resident_memory_bytes', [{ value: process.memoryUsage.rss() }]),
    ];
  }

  #noteConflicts({ conflicts }: Snapshot): void {
    if (this.#conflicts === 0 && conflicts.length > 0) {
      this.#parts.log.warn('series left out of the snapshot', { count: conflicts.length, first: conflicts[0] });
    }
    this.#conflicts = conflicts.length;
  }
}
