/** Longest line that is kept: what Ollama's own client accepts (api/client.go, maxBufferSize). */
const maxLineBytes = 8 * 2 ** 20;

/** Cuts a byte stream into lines, whatever pieces it comes in. */
export class LineSplitter {
  readonly #onLine: (line: Buffer) => void;
  readonly #keepEmpty: boolean;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(onLine: (line: Buffer) => void, { keepEmpty = false } = {}) {
    this.#onLine = onLine;
    this.#keepEmpty = keepEmpty;
  }

  /** False once a line grew too long to hold; what follows is not read. */
  push(chunk: Buffer): boolean {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#emit(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
    return this.#length <= maxLineBytes;
  }

  /** The stream is over: what is left is a line too. */
  end(): void {
    if (this.#length > 0) this.#emit(Buffer.alloc(0));
  }

  #hold(part: Buffer): void {
    this.#length += part.length;
    if (this.#length <= maxLineBytes) this.#parts.push(part);
    else this.#parts = [];
  }

  #emit(last: Buffer): void {
    const line = this.#length === 0 ? last : Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#length = 0;
    if (line.length > 0 || this.#keepEmpty) this.#onLine(line);
  }
}
