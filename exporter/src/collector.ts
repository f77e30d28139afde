import { family } from '@inferometer/core/catalogue/readings';
import { messageOf } from '@inferometer/core/errors';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import { TimeoutError } from '@inferometer/core/http-request';
import type { Log } from '@inferometer/core/log';

/**
 * Reads one source of readings at its own pace. The heartbeat asks every collector for its families once a tick, in
 * one go: `families` answers at once with what was read last, or with nothing when that is too old or there is none.
 *
 * `start` begins to read and never throws: a source that is missing is down, and is tried again. `refresh` resolves
 * when `families` speaks of what happened up to the call, or cannot; it is called before the last tick. `close`
 * resolves when nothing of the collector runs any more. Neither ever rejects.
 */
export interface Collector {
  readonly name: string;
  start(): void;
  families(): readonly MetricFamily[];
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** Why a reading failed. */
export type FailureReason = 'no_data' | 'unreachable' | 'malformed' | 'timeout';

/** A reading that failed for a known reason; anything else that is thrown counts as unreachable. */
export class ReadError extends Error {
  override readonly name = 'ReadError';
  readonly reason: FailureReason;

  constructor(reason: FailureReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** How a source fares: one log line per change of state, and the families that say the same. */
export class Health {
  readonly #collector: string;
  readonly #target: string;
  readonly #log: Log;
  readonly #failures = new Map<FailureReason, number>();
  #up: boolean | undefined;

  constructor(collector: string, target: string, log: Log) {
    this.#collector = collector;
    this.#target = target;
    this.#log = log;
  }

  ok(): void {
    if (this.#up !== true) this.#log.info(`${this.#collector}: reading ${this.#target}`);
    this.#up = true;
  }

  failed(error: unknown): void {
    const reason = reasonOf(error);
    this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1);
    if (this.#up !== false) {
      this.#log.warn(`${this.#collector}: no reading of ${this.#target}; going on without it, trying again`, {
        reason,
        cause: messageOf(error),
      });
    }
    this.#up = false;
  }

  /** `isFresh`: there is a reading now. */
  families(isFresh: boolean): readonly MetricFamily[] {
    if (this.#up === undefined) return [];
    const labels = { collector: this.#collector, target: this.#target };
    const failures = [...this.#failures].map(([reason, value]) => ({ labels: { ...labels, reason }, value }));
    return [
      family('inferometer_collector_up', [{ labels, value: isFresh ? 1 : 0 }]),
      family('inferometer_collector_failures_total', failures),
    ];
  }
}

function reasonOf(error: unknown): FailureReason {
  if (error instanceof ReadError) return error.reason;
  return error instanceof TimeoutError ? 'timeout' : 'unreachable';
}
