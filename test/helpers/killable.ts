import { performance } from 'node:perf_hooks';
import type { Running } from './programs.ts';

/** A time during which a program was not there, by `performance.now()`. */
export interface Outage {
  from: number;
  to: number;
}

/** A program that is killed without warning, and then started again as it was. */
export class Killable<T extends Running> {
  readonly outages: Outage[] = [];
  readonly #start: () => Promise<T>;
  #current: T;
  #back = Promise.resolve();

  private constructor(start: () => Promise<T>, first: T) {
    this.#start = start;
    this.#current = first;
  }

  static async start<T extends Running>(start: () => Promise<T>): Promise<Killable<T>> {
    return new Killable(start, await start());
  }

  get current(): T {
    return this.#current;
  }

  get isDown(): boolean {
    return this.outages.at(-1)?.to === Infinity;
  }

  /** Resolves when it is there again after all kills up to now. */
  get back(): Promise<void> {
    return this.#back;
  }

  /** Kills it, once it is there again after earlier kills. */
  kill(): Promise<void> {
    this.#back = this.#back.then(() => this.#killAndStart());
    return this.#back;
  }

  async #killAndStart(): Promise<void> {
    const outage = { from: performance.now(), to: Infinity };
    this.outages.push(outage);
    process.kill(this.#current.pid, 'SIGKILL');
    await this.#current.ended;
    this.#current = await this.#start();
    outage.to = performance.now();
  }
}
