import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeRecord, type RequestRecord } from '@inferometer/core/request-record';

/** A segment may grow while it is read: at most this much of it is read at a time. */
const maxReadBytes = 8 * 2 ** 20;

/** Follows the request segments of a node: each poll returns the whole records that were added since the last. */
export class RecordReader {
  readonly #folder: string;
  readonly #offsets = new Map<string, number>();
  /** Read, and not yet returned: those of a poll that failed are in the next one. */
  #records: RequestRecord[] = [];
  #malformed = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Lines that were no request record. */
  get malformed(): number {
    return this.#malformed;
  }

  /** New records in the order in which they were written; none when the folder is not there yet. */
  async poll(): Promise<readonly RequestRecord[]> {
    const names = await readdir(this.#folder).catch(ignoreMissing);
    const segments = names.filter((name) => name.endsWith('.jsonl')).toSorted();
    for (const name of segments) await this.#readNew(join(this.#folder, name));
    const records = this.#records;
    this.#records = [];
    return records;
  }

  async #readNew(path: string): Promise<void> {
    const file = await open(path, 'r');
    try {
      for (;;) {
        const offset = this.#offsets.get(path) ?? 0;
        const { size } = await file.stat();
        const buffer = Buffer.alloc(Math.max(0, Math.min(size - offset, maxReadBytes)));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
        const end = buffer.lastIndexOf(10, bytesRead - 1) + 1;
        if (bytesRead === 0 || end === 0) return;
        this.#offsets.set(path, offset + end);
        this.#decode(buffer.toString('utf8', 0, end));
      }
    } finally {
      await file.close();
    }
  }

  #decode(text: string): void {
    for (const line of text.split('\n')) {
      const record = line === '' ? undefined : decodeRecord(line);
      if (record) this.#records.push(record);
      else if (line !== '') this.#malformed += 1;
    }
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): readonly string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
