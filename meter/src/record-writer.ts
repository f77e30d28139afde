import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateDir } from '@inferometer/core/files';
import { encodeRecord, type RequestRecord } from '@inferometer/core/request-record';

const flushMs = 200;
const lineFeed = 10;
/** What is held back at most while the file cannot be written. */
const maxHeldBytes = 4 * 2 ** 20;

/** Appends request records to a segment of its own in a folder, each within a second of its `write`. */
export class RecordWriter {
  readonly path: string;
  readonly #onTrouble: (error: unknown) => void;
  #file: FileHandle | undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();
  /** The last write failed. */
  #isDoubtful = false;
  /** What was written last ends within a line, whose rest is held. */
  #isWithinLine = false;
  #closed = false;
  #lost = 0;

  /** `onTrouble` hears of the first write of a row that failed; the records are kept and tried again. */
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
    const line = Buffer.from(encodeRecord(record));
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
    const bytes = Buffer.concat(this.#held);
    if (bytes.length === 0) return;
    this.#held = [];
    let written = 0;
    try {
      this.#file ??= await open(this.path, 'a', 0o600);
      // A write that failed may have left a part of a line that we were not told of: it must not swallow a record.
      if (this.#isDoubtful && !this.#isWithinLine) await this.#file.write('\n');
      while (written < bytes.length) written += (await this.#file.write(bytes, written)).bytesWritten;
      this.#isDoubtful = false;
    } catch (error) {
      if (!this.#isDoubtful) this.#onTrouble(error);
      this.#isDoubtful = true;
      await this.#tryLater();
    }
    if (written > 0) this.#isWithinLine = bytes[written - 1] !== lineFeed;
    this.#held.unshift(bytes.subarray(written));
    this.#heldBytes = this.#held.reduce((sum, part) => sum + part.length, 0);
  }

  async #tryLater(): Promise<void> {
    // A handle may be stale for good, as on a file system that was away.
    await this.#closeFile();
    if (!this.#closed) this.#timer ??= setTimeout(() => void this.flush(), flushMs * 5);
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(this.#onTrouble);
  }
}
