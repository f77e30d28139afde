import type { MetricFamily } from './exposition/family.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Where snapshots go. The heartbeat calls `accept` once a tick, in order of `seq`, never twice for one snapshot.
 *
 * `accept` returns at once and never throws: a sink that cannot keep up drops snapshots and counts them; it holds
 * at most one snapshot back, the newest. The snapshot is shared and must not be changed.
 *
 * `close` resolves when nothing of this sink runs any more (its timers, sockets and listeners are gone), within
 * 9 seconds even if its far end hangs, and never rejects. It may be called twice. `accept` after `close` does nothing.
 */
export interface Sink {
  readonly name: string;
  accept(snapshot: Snapshot): void;
  close(): Promise<void>;
  /** What the sink says about itself, for the next snapshot. Cheap; never throws. */
  families(): readonly MetricFamily[];
}
