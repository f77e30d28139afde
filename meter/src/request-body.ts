/** Longest request whose body is looked into. */
const maxBytes = 2 ** 20;

/** The model that a request body asks for. The text is parsed, read for this one name, and dropped. */
export class RequestBody {
  #parts: Buffer[] | undefined = [];
  #length = 0;

  push(chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > maxBytes) this.#parts = undefined;
    this.#parts?.push(Buffer.from(chunk));
  }

  /** The body is whole: the model's name as requested, or undefined when the body is too long or does not say. */
  model(): string | undefined {
    const text = this.#parts && Buffer.concat(this.#parts).toString('utf8');
    this.#parts = undefined;
    try {
      const body: unknown = JSON.parse(text ?? '');
      const model = typeof body === 'object' && body !== null && 'model' in body ? body.model : undefined;
      return typeof model === 'string' && model.length > 0 && model.length <= 200 ? model : undefined;
    } catch {
      return undefined;
    }
  }
}
