import { EventEmitter, once } from 'node:events';
import { createLog } from '@inferometer/core/log';
import type { RequestRecord } from '@inferometer/core/request-record';
import { onTestFinished } from 'vitest';
import { startOllama, type OllamaOptions } from '../../../test/fakes/ollama-server.ts';
import { Meter, type RecordSink } from '../../src/meter.ts';
import type { Upstream } from '../../src/relay.ts';

/** Keeps records in memory. */
export class Records implements RecordSink {
  readonly lost = 0;
  readonly all: RequestRecord[] = [];
  readonly #arrivals = new EventEmitter();
  #taken = 0;

  write(record: RequestRecord): void {
    this.all.push(record);
    this.#arrivals.emit('record');
  }

  /** Resolves with the next record that was not taken yet. */
  async next(): Promise<RequestRecord> {
    const place = this.#taken++;
    for (;;) {
      const record = this.all[place];
      if (record) return record;
      await once(this.#arrivals, 'record');
    }
  }
}

export interface Metered {
  readonly meter: Meter;
  readonly records: Records;
  readonly port: number;
  /** Without a slash at the end. */
  readonly url: string;
  /** Lines of the meter's log, parsed. */
  readonly logged: readonly Readonly<Record<string, unknown>>[];
}

/** A meter before an engine. What a test leaves open ends with the engine's connections. */
export async function startMeter(upstream: Upstream): Promise<Metered> {
  const records = new Records();
  const logged: Record<string, unknown>[] = [];
  const log = createLog({ write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>) });
  const listen = { host: '127.0.0.1', port: 0 };
  const meter = new Meter({ engine: 'ollama', server: 'engine:11434', upstream, listen }, records, log);
  const { port } = await meter.start();
  onTestFinished(() => void meter.drain());
  return { meter, records, port, url: `http://127.0.0.1:${port}`, logged };
}

/** A meter before a simulated Ollama that answers fast. */
export async function startMeteredOllama(options: OllamaOptions = {}): Promise<Metered> {
  const ollama = await startOllama({ loadMs: 0, firstTokenMs: 2, tokenMs: 1, tokens: 8, ...options });
  onTestFinished(() => ollama.close());
  const { hostname, port } = new URL(ollama.url);
  return startMeter({ host: hostname, port: Number(port) });
}

/** Posts JSON and reads the whole answer; `text` ends where the connection broke, if it did. */
export async function post(
  url: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body), headers });
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response.body ?? []) chunks.push(Buffer.from(chunk));
  } catch {
    // The broken answer is what such a test is about.
  }
  return { status: response.status, text: Buffer.concat(chunks).toString('utf8') };
}
