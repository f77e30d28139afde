/** Tokens in a block of the KV cache. */
export const blockSize = 16;

export type FinishReason = 'stop' | 'length' | 'abort' | 'error' | 'repetition';

/** What is known of a request before it runs. Times are those of `performance.now()`. */
export interface SequenceSize {
  readonly promptTokens: number;
  /** Prompt tokens found in the prefix cache. */
  readonly cachedTokens: number;
  /** Tokens to generate, and the limit that the request set or was given. */
  readonly count: number;
  readonly maxTokens: number;
  readonly arrived: number;
}

/** A request in the engine. Its times are 0 until they come. */
export interface Sequence extends SequenceSize {
  generated: number;
  scheduled: number;
  first: number;
  last: number;
  /** Called in the step that generates the token of this index. */
  readonly onToken: (index: number) => void;
  /** Called once after the last token; never after the sequence was removed. */
  readonly onDone: () => void;
}

export interface EngineState {
  readonly waiting: readonly Sequence[];
  readonly running: readonly Sequence[];
}
