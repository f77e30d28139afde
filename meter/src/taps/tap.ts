import type { Usage } from './wire.ts';

/** What a response said about its request. What it did not say is absent. */
export interface TapResult extends Usage {
  /** The response came to its own end marker. */
  readonly complete: boolean;
  /** The engine reported an error inside a response that began well. */
  readonly failed: boolean;
  /** False for an exchange that asked for no inference, such as loading a model. */
  readonly inference: boolean;
  /** The engine had another host answer. */
  readonly remote: boolean;
  readonly model?: string;
  readonly firstContentAt?: number;
  readonly lastContentAt?: number;
  /** Pieces of the response that carried content. */
  readonly contentChunks: number;
}

/** Reads one response body of a wire format. Times are the caller's monotonic seconds at the arrival of the bytes. */
export interface Tap {
  /** False when the tap gives up on this body; the bytes are relayed all the same. */
  push(chunk: Buffer, now: number): boolean;
  /** The body is over, at its end or cut off. Calls `done` once, at once or, where a decoder is behind, soon after. */
  end(now: number, done: (result: TapResult) => void): void;
}
