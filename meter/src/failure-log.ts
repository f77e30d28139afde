import type { Log } from '@inferometer/core/log';
import type { RequestRecord } from '@inferometer/core/request-record';

const pauseSeconds = 10;

/** Names failed requests in the log by their id: one of each reason every 10 s, with how many were passed over. */
export class FailureLog {
  readonly #log: Log;
  readonly #reasons = new Map<string, { loggedAt: number; silent: number }>();

  constructor(log: Log) {
    this.#log = log;
  }

  add({ reason, request_id, endpoint, model, status, start_monotonic_seconds, duration_seconds }: RequestRecord): void {
    if (reason === undefined) return;
    const now = start_monotonic_seconds + duration_seconds;
    const { loggedAt, silent } = this.#reasons.get(reason) ?? { loggedAt: -Infinity, silent: 0 };
    if (now - loggedAt < pauseSeconds) {
      this.#reasons.set(reason, { loggedAt, silent: silent + 1 });
      return;
    }
    this.#reasons.set(reason, { loggedAt: now, silent: 0 });
    this.#log.warn('a request failed', { reason, request_id, endpoint, model, status, unlogged_before: silent });
  }
}
