import { performance } from 'node:perf_hooks';

/**
 * Calls `tick` every `intervalMs` on a grid of the monotonic clock. A tick that comes too late takes the place of
 * those whose time is over; they are counted, never made up for.
 */
export class Heartbeat {
  readonly #intervalMs: number;
  readonly #tick: () => void;
  #due = 0;
  #missed = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(intervalMs: number, tick: () => void) {
    this.#intervalMs = intervalMs;
    this.#tick = tick;
  }

  /** Ticks whose time passed while the process could not run. */
  get missed(): number {
    return this.#missed;
  }

  /** Ticks at once, and from then on. */
  start(): void {
    this.#due = performance.now();
    this.#beat();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #beat(): void {
    this.#tick();
    this.#due += this.#intervalMs;
    const late = Math.floor((performance.now() - this.#due) / this.#intervalMs) + 1;
    if (late > 0) {
      this.#missed += late;
      this.#due += late * this.#intervalMs;
    }
    this.#timer = setTimeout(() => this.#beat(), this.#due - performance.now());
  }
}
