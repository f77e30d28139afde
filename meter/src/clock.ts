import { performance } from 'node:perf_hooks';

/** Where times come from: durations from the monotonic reading, joins with other sources from the wall time. */
export interface Clock {
  /** Seconds of a clock that never jumps; its zero means nothing. */
  monotonicSeconds(): number;
  /** Seconds since the epoch. */
  unixSeconds(): number;
}

export const systemClock: Clock = {
  monotonicSeconds: () => performance.now() / 1000,
  unixSeconds: () => Date.now() / 1000,
};
