import type { Tap, TapResult } from '../../src/taps/tap.ts';

/** What a tap without a decoder says at its end, which it does at once. */
export function resultOf(tap: Tap, now: number): TapResult {
  let result: TapResult | undefined;
  tap.end(now, (ended) => (result = ended));
  if (!result) throw new Error('the tap has not ended');
  return result;
}
