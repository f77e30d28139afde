import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateDir } from '@inferometer/core/files';
import { encodeRecord, type RequestRecord } from '@inferometer/core/request-record';

const flushMs = 200;
/** What is held back at most while the file cannot be written. */
const maxHeldBytes = 4 * 2 ** 20;

/** Appends request records to a segment of its own in a folder, each within a second of its `write`. */
export class RecordWriter {
  readonly path: string;
  readonly #onTrouble: (error: unknown) => void;
  #file: FileHandle | undefined;
  #held: string[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();
  #torn = false;
  #closed = false;
  #lost = 0;

  /** `onTrouble` hears of each write that failed; the records are kept and tried again. */
  constructor(folder: string, onTrouble: (error: unknown) => void) {
    makePrivateDir(folder);
    this.path = join(folder, `${Date.now()}-${process.pid}.jsonl`);
    this.#onTrouble = onTrouble;
  }

  /** Records given up because the file could not be written for too long. */
  get lost(): number {
    return this.#lost;
  }

  write(record: RequestRecord): void {
    const line = encodeRecord(record);
    if (this.#heldBytes + line.length > maxHeldBytes) {
      this.#lost += 1;
      return;
    }
    this.#held.push(line);
    this.#heldBytes += line.length;
    this.#timer ??= setTimeout(() => void this.flush(), flushMs);
  }

  /** Resolves when what was written so far is in the file, or could not be. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing = this.#flushing.then(() => this.#append());
    return this.#flushing;
  }

  /** Resolves when all that could be written is written; what could not is not tried again. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    await this.#closeFile();
  }

  async #append(): Promise<void> {
    const lines = this.#held;
    if (lines.length === 0) return;
    this.#held = [];
    try {
      this.#file ??= await open(this.path, 'a', 0o600);
      // A write that failed half-way may have left a part of a line: it must not swallow the next record.
      await this.#file.writeFile(`${this.#torn ? '\n' : ''}${lines.join('')}`);
      this.#torn = false;
      this.#heldBytes = this.#held.reduce((sum, line) => sum + line.length, 0);
    } catch (error) {
      this.#torn = true;
      this.#held = [...lines, ...this.#held];
      this.#onTrouble(error);
      // A handle may be stale for good, as on a file system that was away.
      await this.#closeFile();
      if (!this.#closed) this.#timer ??= setTimeout(() => void this.flush(), flushMs * 5);
    }
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(this.#onTrouble);
  }
}
