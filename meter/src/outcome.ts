import type { Outcome, Reason } from '@inferometer/core/request-record';
import type { TapResult } from './taps/tap.ts';

/**
 * How an exchange came to its end: its response was whole, or the engine's connection failed or closed before that, or
 * the client left before either.
 */
export type Ending = 'complete' | 'client_left' | 'server_left';

export interface Judgement {
  readonly outcome: Outcome;
  readonly reason?: Reason;
}

/**
 * The one outcome of an exchange. `seen` is what its body said; absent where the body was not read. A client that
 * leaves once it has the engine's end marker has its whole answer; what an engine says to one that left before (Ollama
 * ends such a stream with an error) is no error of the engine.
 */
export function judge(ending: Ending, status: number | undefined, seen: TapResult | undefined): Judgement {
  if (seen?.complete && !seen.failed) return { outcome: 'ok' };
  if (ending === 'client_left') return { outcome: 'aborted' };
  if (status === undefined) return { outcome: 'server_error', reason: 'connect' };
  if (status === 429 || status === 503) return { outcome: 'overloaded', reason: 'overloaded' };
  if (status === 408 || status === 504) return { outcome: 'timeout', reason: 'timeout' };
  if (status >= 500) return { outcome: 'server_error', reason: 'http_5xx' };
  if (status >= 300) return { outcome: 'client_error', reason: 'http_4xx' };
  if (seen?.failed) return { outcome: 'server_error', reason: 'stream_error' };
  return { outcome: 'truncated', reason: 'truncated' };
}
