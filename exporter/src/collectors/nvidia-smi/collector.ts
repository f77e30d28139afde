import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { family } from '@inferometer/core/catalogue/readings';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import type { Log } from '@inferometer/core/log';
import { type Collector, Health, ReadError } from '../../collector.ts';
import { gpuFamilies } from './families.ts';
import type { QueryField } from './fields.ts';
import { discoverFields, runLoop } from './loop.ts';
import { type GpuRow, parseRow } from './row.ts';

export interface NvidiaSmiOptions {
  /** The program: a name on the PATH or a path. */
  readonly command: string;
  readonly intervalMs: number;
}

const name = 'nvidia-smi';
const maxBackoffMs = 60_000;

/** GPUs of the node from one long-lived nvidia-smi, which is started again, with a pause that grows, when it ends. */
export class NvidiaSmiCollector implements Collector {
  readonly name = name;
  readonly #options: NvidiaSmiOptions;
  readonly #health: Health;
  readonly #stop = new AbortController();
  readonly #rows = new Map<string, { row: GpuRow; at: number }>();
  #unparsed = 0;
  #running: Promise<void> = Promise.resolve();
  #watchdog: NodeJS.Timeout | undefined;

  constructor(options: NvidiaSmiOptions, log: Log) {
    this.#options = options;
    this.#health = new Health(name, options.command, log);
  }

  start(): void {
    this.#running = this.#keepRunning();
  }

  families(): readonly MetricFamily[] {
    const oldest = performance.now() - 3 * this.#options.intervalMs;
    const fresh = [...this.#rows.values()].filter(({ at }) => at >= oldest).map(({ row }) => row);
    const labels = { collector: name, target: this.#options.command };
    return [
      ...gpuFamilies(fresh),
      ...this.#health.families(fresh.length > 0),
      family('inferometer_collector_unparsed_lines_total', [{ labels, value: this.#unparsed || undefined }]),
    ];
  }

  /** Nothing to do: the loop's readings come by themselves. */
  refresh(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #keepRunning(): Promise<void> {
    for (let backoffMs = 1000; !this.#stop.signal.aborted; backoffMs = Math.min(2 * backoffMs, maxBackoffMs)) {
      await this.#runOnce().catch((error: unknown) => this.#fail(error));
      if (this.#rows.size > 0) backoffMs = 1000;
      this.#rows.clear();
      await delay(backoffMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** One life of the loop. It always ends in an error: the loop is not meant to end. */
  async #runOnce(): Promise<never> {
    const fields = await discoverFields(this.#options.command, this.#stop.signal);
    const stalled = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, stalled.signal]);
    // Silence: the driver hangs. A child that cannot be killed (state D) is waited for, so there is never a second.
    this.#watchdog = setTimeout(() => stalled.abort(), Math.max(10_000, 5 * this.#options.intervalMs));
    try {
      const onLine = (line: string) => this.#onLine(line, fields);
      const end = await runLoop(this.#options.command, fields, {
        intervalMs: this.#options.intervalMs,
        signal,
        onLine,
      });
      throw new ReadError(stalled.signal.aborted ? 'timeout' : 'no_data', end);
    } finally {
      clearTimeout(this.#watchdog);
    }
  }

  #onLine(line: string, fields: readonly QueryField[]): void {
    const row = parseRow(line, fields);
    if (!row) {
      this.#unparsed += 1;
      return;
    }
    this.#watchdog?.refresh();
    this.#health.ok();
    this.#rows.set(row.texts.uuid ?? '', { row, at: performance.now() });
  }

  #fail(error: unknown): void {
    if (!this.#stop.signal.aborted) this.#health.failed(error);
  }
}
