import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { array, assert, asyncProperty, constantFrom, stringMatching } from 'fast-check';
import { createLog } from '@inferometer/core/log';
import { expect, onTestFinished, test } from 'vitest';
import { Meter } from '../src/meter.ts';
import { RecordWriter } from '../src/record-writer.ts';
import { post } from './support/metered.ts';

const word = stringMatching(/^[a-z]{12,20}$/);

/** Repeats what it is told: the prompt in its answer, its error or the middle of a stream. */
function answerOf(text: string, how: string): { status: number; body: string } {
  const whole = { response: text, message: { content: text }, thinking: text, done: true, eval_count: 2 };
  if (how === 'error') return { status: 400, body: JSON.stringify({ error: `cannot read ${text}` }) };
  if (how === 'stream') return { status: 200, body: `{"response":"${text}","done":false}\n${JSON.stringify(whole)}\n` };
  return { status: 200, body: how === 'garbage' ? text : JSON.stringify(whole) };
}

test('no word of a prompt or an answer is ever in the record file or the log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'inferometer-'));
  let how = '';
  const engine = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { status, body } = answerOf(text.replaceAll('"', ''), how);
      response.writeHead(status, { 'content-type': how === 'stream' ? 'application/x-ndjson' : 'application/json' });
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  let log = '';
  const records = new RecordWriter(folder, (error) => (log += String(error)));
  const meter = new Meter(
    {
      engine: 'ollama',
      server: 'engine:1',
      upstream: { host: '127.0.0.1', port: (engine.address() as AddressInfo).port },
      listen: { host: '127.0.0.1', port: 0 },
    },
    records,
    createLog({ write: (line) => (log += line) }),
  );
  const { port } = await meter.start();
  onTestFinished(async () => {
    engine.close();
    engine.closeAllConnections();
    await meter.drain();
    await records.close();
    rmSync(folder, { recursive: true });
  });

  const kinds = constantFrom('whole', 'stream', 'error', 'garbage');
  let asked = 0;
  await assert(
    asyncProperty(array(word, { minLength: 1, maxLength: 6 }), kinds, async (words, kind) => {
      how = kind;
      const messages = [
        { role: 'system', content: words[0] },
        { role: 'user', content: words.join(' ') },
      ];
      await post(`http://127.0.0.1:${port}/api/chat`, { model: 'tiny', messages, prompt: words.join(' ') });
      asked += 1;
      await records.flush();
      const written = readFileSync(records.path, 'utf8');
      expect(words.filter((each) => (written + log).includes(each))).toEqual([]);
    }),
    { numRuns: 40 },
  );
  expect(readFileSync(records.path, 'utf8').trimEnd().split('\n')).toHaveLength(asked);
});
