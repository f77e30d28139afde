import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** How a simulated model generates. Times in milliseconds. */
export interface Pace {
  readonly firstTokenMs: number;
  readonly tokenMs: number;
  /** Tokens of an answer whose request sets no limit. */
  readonly tokens: number;
}

export const defaultPace: Pace = { firstTokenMs: 50, tokenMs: 10, tokens: 32 };

/** What a word in the prompt makes go wrong: before the first byte (FAIL500, FAILBUSY) or after half of the tokens. */
export type Fault = (typeof faults)[number];

const faults = ['FAIL500', 'FAILBUSY', 'FAILSTREAM', 'TRUNCATE', 'DROP'] as const;
const words = [
  'the',
  'sky',
  'over',
  'this',
  'house',
  'is',
  'blue',
  'and',
  'one',
  'river',
  'runs',
  'by',
  'two',
  'trees',
];

export function faultIn(prompt: string): Fault | undefined {
  return faults.find((fault) => prompt.includes(fault));
}

/** Prompt tokens: words between white space. */
export function countTokens(prompt: string): number {
  return prompt.split(/\s+/).filter(Boolean).length;
}

/** The text of the token at a place in an answer. */
export function tokenText(index: number): string {
  return `${index === 0 ? '' : ' '}${words[index % words.length]}`;
}

/** Tokens of an answer that fails half way: at least one. */
export function half(tokens: number): number {
  return Math.ceil(tokens / 2);
}

/** Yields the index of each token when it is due, counted from the call; ends early when the signal is aborted. */
export async function* paced(count: number, pace: Pace, signal: AbortSignal): AsyncGenerator<number> {
  const start = performance.now();
  for (let index = 0; index < count; index++) {
    await pauseUntil(start + pace.firstTokenMs + index * pace.tokenMs, signal);
    if (signal.aborted) return;
    yield index;
  }
}

/** Resolves when the clock of `performance.now()` has reached the time, or at once when the signal is aborted. */
export async function pauseUntil(due: number, signal: AbortSignal): Promise<void> {
  const wait = due - performance.now();
  if (wait <= 0) await nextTurn();
  else await sleep(wait, undefined, { signal }).catch(() => {});
}
