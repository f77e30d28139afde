import { once } from 'node:events';
import { createServer } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { boundTo } from '@inferometer/core/address';
import { expect, onTestFinished, test } from 'vitest';
import { decoded } from '../src/taps/decoding-tap.ts';
import { ollamaWire } from '../src/taps/ollama.ts';
import type { TapResult } from '../src/taps/tap.ts';
import { WireTap } from '../src/taps/wire-tap.ts';
import { post, startMeter } from './support/metered.ts';

const lines = [
  ...Array.from({ length: 50 }, (_, index) => ({ model: 'tiny', response: `word ${index}`, done: false })),
  { model: 'tiny', response: '', done: true, done_reason: 'stop', prompt_eval_count: 3, eval_count: 50 },
];
const body = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

/** What is found in an encoded body that comes in pieces of this size. */
function read(encoding: string, bytes: Buffer, size: number): Promise<TapResult> {
  const tap = decoded(new WireTap(ollamaWire, 'lines'), encoding);
  if (!tap) throw new Error(`no decoder of ${encoding}`);
  for (let start = 0; start < bytes.length; start += size) tap.push(bytes.subarray(start, start + size), 1);
  return new Promise((resolve) => tap.end(1, resolve));
}

test.each([
  ['gzip', gzipSync(body)],
  ['x-gzip', gzipSync(body)],
  ['deflate', deflateSync(body)],
  ['br', brotliCompressSync(body)],
  ['identity', body],
  ['', body],
])('an answer encoded as "%s" is read, in whatever pieces it comes', async (encoding, bytes) => {
  for (const size of [1, 7, bytes.length]) {
    expect(await read(encoding, bytes, size)).toMatchObject({
      complete: true,
      model: 'tiny',
      promptTokens: 3,
      generatedTokens: 50,
      contentChunks: 50,
    });
  }
});

test('an encoded answer that is cut off gives what there is of it, and is not complete', async () => {
  const bytes = gzipSync(body);
  expect(await read('gzip', bytes.subarray(0, bytes.length / 2), 16)).toMatchObject({ complete: false, failed: false });
});

test('a body that is not what its encoding says gives nothing', async () => {
  expect(await read('gzip', body, 64)).toMatchObject({ complete: false, contentChunks: 0 });
});

test('an encoding that is not known cannot be read', () => {
  expect(decoded(new WireTap(ollamaWire, 'lines'), 'zstd')).toBeUndefined();
});

test('an encoded answer reaches its client as it is, and has its record', async () => {
  const engine = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' });
    response.end(gzipSync(body));
  });
  await once(engine.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void engine.close());
  const { url, records } = await startMeter(boundTo(engine.address()));
  const { text } = await post(`${url}/api/generate`, { model: 'tiny', prompt: 'x' });
  expect(text).toBe(body.toString());
  expect(await records.next()).toMatchObject({ outcome: 'ok', streamed: true, generated_tokens: 50, prompt_tokens: 3 });
});
