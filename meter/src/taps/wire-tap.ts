import { createFramer, type Framer, type Framing } from './framing.ts';
import type { Tap, TapResult } from './tap.ts';
import { type Json, type Usage, type Wire } from './wire.ts';

/**
 * Reads one answer. Only its first objects, the last and errors are parsed; those between are recognised without, so
 * that a long stream costs little more than its bytes.
 */
export class WireTap implements Tap {
  readonly #wire: Wire;
  readonly #framer: Framer;
  #now = 0;
  #first: number | undefined;
  #last: number | undefined;
  #contentChunks = 0;
  #model: string | undefined;
  #usage: Usage = {};
  #done = false;
  #failed = false;
  #isIdle = false;
  #isRemote = false;

  constructor(wire: Wire, framing: Framing) {
    this.#wire = wire;
    this.#framer = createFramer(framing, (payload) => this.#onPayload(payload));
  }

  push(chunk: Buffer, now: number): boolean {
    this.#now = now;
    return this.#framer.push(chunk);
  }

  end(now: number, done: (result: TapResult) => void): void {
    this.#now = now;
    this.#framer.end();
    done({
      complete: this.#done,
      failed: this.#failed,
      inference: !this.#isIdle,
      remote: this.#isRemote,
      contentChunks: this.#contentChunks,
      ...(this.#model !== undefined && { model: this.#model }),
      ...(this.#first !== undefined && { firstContentAt: this.#first }),
      ...(this.#last !== undefined && { lastContentAt: this.#last }),
      ...this.#usage,
    });
  }

  #onPayload(payload: Buffer): void {
    if (this.#first !== undefined && this.#wire.isBetween(payload)) return this.#content();
    if (payload.equals(endOfEvents)) {
      this.#done = true;
      return;
    }
    const answer = parse(payload);
    if (!answer) return;
    const { content, done, failed, isIdle, isRemote, model, usage } = this.#wire.read(answer);
    if (content) this.#content();
    this.#done ||= done === true;
    this.#failed ||= failed === true;
    this.#isIdle ||= isIdle === true;
    this.#isRemote ||= isRemote === true;
    this.#model = model ?? this.#model;
    this.#usage = { ...this.#usage, ...usage };
  }

  #content(): void {
    this.#first ??= this.#now;
    this.#last = this.#now;
    this.#contentChunks += 1;
  }
}

/** What ends a stream of OpenAI's API. */
const endOfEvents = Buffer.from('[DONE]');

function parse(payload: Buffer): Json | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
