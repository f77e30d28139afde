import { LineSplitter } from '../lines.ts';

/** How an answer is laid out in its body: JSON line by line, server-sent events, or one JSON text. */
export type Framing = 'lines' | 'events' | 'whole';

/** Longest text that is kept to be read whole. */
const maxWholeBytes = 8 * 2 ** 20;

/** Finds the payloads (JSON texts) in a body, whatever pieces it comes in. */
export interface Framer {
  /** False once the body cannot be read on. */
  push(chunk: Buffer): boolean;
  /** The body is over: what is left is a payload too. */
  end(): void;
}

/** The framing that a Content-Type names; what names none is one text. */
export function framingOf(contentType: string): Framing {
  if (contentType.includes('event-stream')) return 'events';
  return contentType.includes('ndjson') ? 'lines' : 'whole';
}

export function createFramer(framing: Framing, onPayload: (payload: Buffer) => void): Framer {
  if (framing === 'lines') return new LineSplitter(onPayload);
  return framing === 'events' ? new EventFramer(onPayload) : new WholeFramer(onPayload);
}

/** The data of server-sent events (HTML Living Standard, 9.2.6); fields other than data are passed over. */
class EventFramer implements Framer {
  readonly #lines = new LineSplitter((line) => this.#onLine(line), { keepEmpty: true });
  readonly #onPayload: (payload: Buffer) => void;
  #data: Buffer[] = [];

  constructor(onPayload: (payload: Buffer) => void) {
    this.#onPayload = onPayload;
  }

  push(chunk: Buffer): boolean {
    return this.#lines.push(chunk);
  }

  end(): void {
    this.#lines.end();
    this.#dispatch();
  }

  #onLine(raw: Buffer): void {
    const line = raw.at(-1) === 13 ? raw.subarray(0, -1) : raw;
    if (line.length === 0) this.#dispatch();
    else if (line.subarray(0, 5).equals(dataField)) this.#data.push(line.subarray(line[5] === 32 ? 6 : 5));
  }

  #dispatch(): void {
    const [only, ...more] = this.#data;
    this.#data = [];
    if (only) this.#onPayload(more.length === 0 ? only : joinLines([only, ...more]));
  }
}

const dataField = Buffer.from('data:');

function joinLines(lines: readonly Buffer[]): Buffer {
  return Buffer.from(lines.map((line) => line.toString('utf8')).join('\n'));
}

class WholeFramer implements Framer {
  readonly #onPayload: (payload: Buffer) => void;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(onPayload: (payload: Buffer) => void) {
    this.#onPayload = onPayload;
  }

  push(chunk: Buffer): boolean {
    this.#length += chunk.length;
    if (this.#length <= maxWholeBytes) this.#parts.push(chunk);
    else this.#parts = [];
    return this.#length <= maxWholeBytes;
  }

  end(): void {
    if (this.#length > 0 && this.#length <= maxWholeBytes) this.#onPayload(Buffer.concat(this.#parts));
    this.#parts = [];
  }
}
