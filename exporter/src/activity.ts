const windowSeconds = 30;
const holdSeconds = 5;

/** Completed requests of one series over the last 30 s. Times are seconds of any one clock. */
export class TrailingRate {
  #events: { at: number; count: number }[] = [];

  add(at: number, count: number): void {
    if (count > 0) this.#events.push({ at, count });
  }

  /** Requests per second; decays to 0 when nothing comes. */
  perSecond(now: number): number {
    // What lies ahead was written before the clock was set back.
    this.#events = this.#events.filter(({ at }) => at > now - windowSeconds && at <= now + holdSeconds);
    return this.#events.reduce((sum, { count }) => sum + count, 0) / windowSeconds;
  }
}

/** Whether a server is at work: 1 while it is busy and for 5 s after, so that short gaps do not flicker; else 0. */
export class Activity {
  #busyAt = -Infinity;

  busy(at: number): void {
    this.#busyAt = Math.max(this.#busyAt, at);
  }

  running(now: number): 0 | 1 {
    return Math.abs(now - this.#busyAt) <= holdSeconds ? 1 : 0;
  }
}
