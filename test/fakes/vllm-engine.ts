import type { Pace } from './shared/generation.ts';
import type { VllmMetrics } from './vllm-metrics.ts';
import { blockSize, type EngineState, type Sequence } from './vllm-sequence.ts';

/** Runs sequences in steps, as continuous batching does: a step generates a token for each that is past prefill. */
export class VllmEngine implements EngineState {
  waiting: Sequence[] = [];
  running: Sequence[] = [];
  readonly #pace: Pace;
  readonly #maxSequences: number;
  readonly #metrics: VllmMetrics;
  readonly #prefixes = new Set<string>();
  #nextStep = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(pace: Pace, maxSequences: number, metrics: VllmMetrics) {
    this.#pace = pace;
    this.#maxSequences = maxSequences;
    this.#metrics = metrics;
  }

  add(sequence: Sequence): void {
    this.waiting.push(sequence);
    this.#schedule();
  }

  /** Takes a sequence out before its end. */
  remove(sequence: Sequence): void {
    this.waiting = this.waiting.filter((other) => other !== sequence);
    this.running = this.running.filter((other) => other !== sequence);
    this.#schedule();
  }

  /** Tokens of a prompt whose blocks were seen before; the last token is always computed. */
  cached(words: readonly string[]): number {
    let hits = 0;
    for (let end = blockSize; end < words.length; end += blockSize) {
      const prefix = words.slice(0, end).join(' ');
      if (this.#prefixes.has(prefix) && hits === end - blockSize) hits = end;
      else if (this.#prefixes.size < 10_000) this.#prefixes.add(prefix);
    }
    return hits;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.waiting = [];
    this.running = [];
  }

  #schedule(): void {
    const now = performance.now();
    for (const sequence of this.waiting.splice(0, this.#maxSequences - this.running.length)) {
      sequence.scheduled = now;
      this.#metrics.scheduled(sequence);
      this.running.push(sequence);
    }
    this.#metrics.queue(this);
    if (this.running.length === 0 || this.#timer !== undefined) return;
    this.#nextStep = Math.max(now, this.#nextStep + this.#pace.tokenMs);
    this.#timer = setTimeout(() => this.#step(), this.#nextStep - now);
  }

  #step(): void {
    this.#timer = undefined;
    const now = performance.now();
    const ready = this.running.filter(({ scheduled }) => now >= scheduled + this.#pace.firstTokenMs);
    const prefilled = ready.filter(({ generated }) => generated === 0);
    for (const sequence of ready) this.#generate(sequence, now);
    if (ready.length > 0) {
      const computed = prefilled.reduce((sum, { promptTokens, cachedTokens }) => sum + promptTokens - cachedTokens, 0);
      this.#metrics.step(computed, ready.length);
    }
    const done = ready.filter(({ generated, count }) => generated >= count);
    this.running = this.running.filter((sequence) => !done.includes(sequence));
    this.#schedule();
    for (const { onDone } of done) onDone();
  }

  #generate(sequence: Sequence, now: number): void {
    if (sequence.generated === 0) {
      sequence.first = now;
      this.#metrics.firstToken(sequence, now);
    } else this.#metrics.nextToken(now - sequence.last);
    sequence.last = now;
    sequence.onToken(sequence.generated++);
  }
}
