import { performance } from 'node:perf_hooks';
import type { MetricName } from '@inferometer/core/catalogue/catalogue';
import { family } from '@inferometer/core/catalogue/readings';
import type { Labels, MetricFamily } from '@inferometer/core/exposition/family';
import type { Log } from '@inferometer/core/log';
import { type Collector, Health } from './collector.ts';

export interface PolledSource<R> {
  readonly name: string;
  /** What is read: a URL, a path or a server; the `target` label. */
  readonly target: string;
  readonly cadenceMs: number;
  /** One reading. Must end by itself: a reading that hangs holds up the next. */
  read(): Promise<R>;
  toFamilies(reading: R): readonly MetricFamily[];
  /** A metric that is 1 while there is a fresh reading and 0 while there is none, from the first reading on. */
  readonly presence?: { readonly metric: MetricName; readonly labels: Labels };
}

/** A collector that reads its source every `cadenceMs`, one reading at a time. */
export class PolledCollector<R> implements Collector {
  readonly name: string;
  readonly #source: PolledSource<R>;
  readonly #health: Health;
  #latest: { families: readonly MetricFamily[]; at: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();
  #wasSeen = false;
  #closed = false;

  constructor(source: PolledSource<R>, log: Log) {
    this.name = source.name;
    this.#source = source;
    this.#health = new Health(source.name, source.target, log);
  }

  start(): void {
    this.#reading = this.#readOnce();
  }

  families(): readonly MetricFamily[] {
    const isFresh = this.#latest !== undefined && performance.now() - this.#latest.at <= 3 * this.#source.cadenceMs;
    return [
      ...(isFresh ? (this.#latest?.families ?? []) : []),
      ...this.#presence(isFresh),
      ...this.#health.families(isFresh),
    ];
  }

  async refresh(): Promise<void> {
    await this.#reading;
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.start();
    await this.#reading;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#reading;
  }

  #presence(isFresh: boolean): readonly MetricFamily[] {
    const { presence } = this.#source;
    if (!presence || !this.#wasSeen) return [];
    return [family(presence.metric, [{ labels: presence.labels, value: isFresh ? 1 : 0 }])];
  }

  async #readOnce(): Promise<void> {
    const begun = performance.now();
    try {
      const reading = await this.#source.read();
      this.#latest = { families: this.#source.toFamilies(reading), at: begun };
      this.#wasSeen = true;
      this.#health.ok();
    } catch (error) {
      this.#latest = undefined;
      this.#health.failed(error);
    }
    if (this.#closed) return;
    const wait = Math.max(0, this.#source.cadenceMs - (performance.now() - begun));
    this.#timer = setTimeout(() => this.start(), wait);
  }
}
