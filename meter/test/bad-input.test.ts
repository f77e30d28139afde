import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { arrival } from './support/arrival.ts';
import { post, startMeter, startMeteredOllama } from './support/metered.ts';
import { connectTo, listenRaw } from './support/peer.ts';

const ask = '{"model":"tiny","prompt":"why"}';
const piece = '{"model":"tiny","response":"é","done":false}\n';
const done = '{"model":"tiny","response":"","done":true,"prompt_eval_count":1,"eval_count":2}\n';
const ok = { outcome: 'ok', status: 200, generated_tokens: 2, generated_tokens_from: 'reported' };
const noErrors = { request: 0, response: 0, body: 0 };
const mebibyte = 2 ** 20;

function question(body: string | Buffer, headers = ''): Buffer {
  const length = Buffer.byteLength(body);
  const head = `POST /api/generate HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

/** An answer in chunks of a stream, one for each part; `end` is what follows the last. */
function streamed(parts: readonly (string | Buffer)[], end = '0\r\n\r\n'): Buffer {
  const chunks = parts.flatMap((part) => [
    Buffer.from(`${Buffer.byteLength(part).toString(16)}\r\n`),
    Buffer.from(part),
    Buffer.from('\r\n'),
  ]);
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n';
  return Buffer.concat([Buffer.from(head), ...chunks, Buffer.from(end)]);
}

function whole(status: number, body: string, headers = ''): Buffer {
  const head = `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
}

async function connected() {
  const engine = await listenRaw();
  const metered = await startMeter(engine);
  const client = await connectTo(metered.port);
  return { ...metered, client, server: await engine.next() };
}

/** Sends these bytes and answers with those, which arrive as they are; then the engine, and so the client, ends. */
async function exchange(request: Buffer, answer: Buffer) {
  const { meter, records, client, server } = await connected();
  client.send(request);
  await arrival(server, request.length);
  server.socket.end(answer);
  await client.ended;
  client.socket.end();
  await server.closed;
  expect(server.received.equals(request)).toBe(true);
  expect(client.received.equals(answer)).toBe(true);
  expect(meter.status().inFlight).toEqual([]);
  return { records: records.all, parseErrors: meter.status().parseErrors };
}

const cutCharacter = Buffer.from(piece).subarray(0, Buffer.from(piece).indexOf('é') + 1);

test.each([
  ['a line in its middle that is no JSON', streamed([piece, '{"response":\n', '}{\n', piece, done]), ok],
  ['a first line that is no JSON', streamed(['<html>\n', piece, done]), ok],
  ['bytes that are no UTF-8', streamed([Buffer.from([0xff, 0xfe, 10]), piece, done]), ok],
  ['a character in two chunks', streamed([cutCharacter, Buffer.from(piece).subarray(cutCharacter.length), done]), ok],
  [
    'an end within a character',
    streamed([piece, cutCharacter]),
    { outcome: 'truncated', reason: 'truncated', generated_tokens: 1, generated_tokens_from: 'counted' },
  ],
  [
    'a connection that ends within a character',
    streamed([piece, cutCharacter], ''),
    { outcome: 'truncated', reason: 'truncated', generated_tokens: 1, generated_tokens_from: 'counted' },
  ],
  ['no body at all', streamed([]), { outcome: 'truncated', reason: 'truncated' }],
  ['half a last line', streamed([piece, done.slice(0, -10)]), { outcome: 'truncated', reason: 'truncated' }],
  ['half an object in one piece', whole(200, done.slice(0, -10)), { outcome: 'truncated', status: 200 }],
  ['an object without end marker in one piece', whole(200, piece), { outcome: 'truncated', status: 200 }],
  [
    'an error as its first line',
    streamed(['{"error":"no"}\n']),
    { outcome: 'server_error', reason: 'stream_error', status: 200 },
  ],
  [
    'an error without a line feed at its end',
    streamed([piece, '{"error":"no"}']),
    { outcome: 'server_error', reason: 'stream_error', status: 200 },
  ],
  [
    'an error and an end marker after it',
    streamed([piece, '{"error":"no"}\n', done]),
    { outcome: 'server_error', reason: 'stream_error', status: 200 },
  ],
  ['an error in one piece with status 200', whole(200, '{"error":"no"}'), { outcome: 'server_error', status: 200 }],
])('an answer with %s arrives as it is and is recorded', async (_, answer, record) => {
  const { records, parseErrors } = await exchange(question(ask), answer);
  expect(records).toMatchObject([{ ...record, model: 'tiny' }]);
  expect(records).toHaveLength(1);
  expect(parseErrors).toEqual(noErrors);
});

describe('a request', () => {
  test.each([
    ['stream', streamed([piece, done]), true],
    ['one piece', whole(200, done), false],
  ])('that does not say `stream` is streamed when it is answered so: by a %s', async (_, answer, isStreamed) => {
    const { records } = await exchange(question(ask), answer);
    expect(records).toMatchObject([{ ...ok, streamed: isStreamed }]);
  });

  test('with an empty model has no model', async () => {
    const { records, parseErrors } = await exchange(
      question('{"model":"","prompt":"why"}'),
      whole(404, '{"error":"model \'\' not found"}'),
    );
    expect(records).toMatchObject([{ outcome: 'client_error', status: 404 }]);
    expect(records[0]?.model).toBeUndefined();
    expect(parseErrors).toEqual(noErrors);
  });

  test('with an empty model has the one that answered', async () => {
    const { records } = await exchange(question('{"model":"","prompt":"why"}'), whole(200, done));
    expect(records).toMatchObject([{ ...ok, model: 'tiny' }]);
  });

  test.each([
    ['/api/generate', { prompt: '' }],
    ['/api/generate', { prompt: '', stream: false }],
    ['/api/chat', { messages: [] }],
  ])('to %s with an empty prompt, %j, loads the model: it leaves no record', async (path, body) => {
    const { url, records, meter } = await startMeteredOllama();
    const { status } = await post(url + path, { model: 'tiny', ...body });
    expect(status).toBe(200);
    await post(`${url}/api/generate`, JSON.parse(ask) as object, { 'X-Request-ID': 'next' });
    expect(await records.next()).toMatchObject({ request_id: 'next' });
    expect(meter.status()).toMatchObject({ inFlight: [], parseErrors: noErrors });
  });

  test('with 64 KiB of headers, answered with as many, is recorded', async () => {
    const headers = `X-Long: ${'x'.repeat(60 * 1024)}\r\n${'X-Short: y\r\n'.repeat(300)}`;
    expect(headers.length).toBeGreaterThan(63 * 1024);
    const { records, parseErrors } = await exchange(question(ask, headers), whole(200, done, headers));
    expect(records).toMatchObject([{ ...ok, model: 'tiny' }]);
    expect(parseErrors).toEqual(noErrors);
  });

  test('with 64 KiB of headers is recorded after a large one on the same connection too', async () => {
    const long = question(ask, `X-Long: ${'x'.repeat(64 * 1024)}\r\n`);
    const large = question(`{"model":"tiny","prompt":"${'x'.repeat(200_000)}"}`);
    const { records, parseErrors } = await exchange(
      Buffer.concat([large, long]),
      Buffer.concat([whole(200, done), whole(200, done)]),
    );
    expect(parseErrors).toEqual(noErrors);
    expect(records).toMatchObject([ok, ok]);
  });

  test('with a prompt of 32 MiB is recorded, with the model that answered', async () => {
    const body = `{"model":"TINY","prompt":"${'x'.repeat(32 * mebibyte)}"}`;
    const { records, parseErrors } = await exchange(question(body), streamed([piece, done]));
    expect(records).toMatchObject([{ ...ok, model: 'tiny', request_bytes: body.length }]);
    expect(parseErrors).toEqual(noErrors);
  });

  test.each(['end', 'resetAndDestroy'] as const)(
    'of which the client sends half and leaves (%s) is aborted',
    async (leave) => {
      const { meter, records, client, server } = await connected();
      const half = question(ask).subarray(0, -10);
      client.send(half);
      await arrival(server, half.length);
      client.socket[leave]();
      if (leave === 'end') {
        await server.ended;
        server.socket.destroy();
      }
      const record = await records.next();
      await server.closed;
      expect(server.received).toEqual(half);
      expect(record).toMatchObject({ outcome: 'aborted', request_bytes: ask.length - 10, response_bytes: 0 });
      expect(record).not.toHaveProperty('status');
      expect(records.all).toHaveLength(1);
      expect(meter.status()).toMatchObject({ inFlight: [], parseErrors: noErrors });
    },
  );

  test('to an engine that has ended the connection before is an error of the engine', async () => {
    const { meter, records, client, server } = await connected();
    server.socket.end();
    await client.ended;
    client.send(question(ask));
    expect(await records.next()).toMatchObject({ outcome: 'server_error', reason: 'connect', model: 'tiny' });
    expect(meter.status().inFlight).toEqual([]);
  });
});

describe('a line of an answer', () => {
  /** A line of so many bytes with its line feed not counted. */
  const line = (length: number) => `{"response":"${'x'.repeat(length - 28)}","done":false}\n`;

  test('of 8 MiB is read', async () => {
    const { records, parseErrors } = await exchange(question(ask), streamed([line(8 * mebibyte), done]));
    expect(line(100)).toHaveLength(101);
    expect(records).toMatchObject([ok]);
    expect(parseErrors).toEqual(noErrors);
  });

  test('of more is given up and counted, and there is no record', async () => {
    const { records, parseErrors } = await exchange(question(ask), streamed([line(9 * mebibyte), done]));
    expect(records).toEqual([]);
    expect(parseErrors).toEqual({ ...noErrors, body: 1 });
  });
});

describe('what could smuggle a request', () => {
  const chunked = `${ask.length.toString(16)}\r\n${ask}\r\n0\r\n\r\n`;
  const post1 = 'POST /api/generate HTTP/1.1\r\nHost: x\r\n';
  const refused = whole(400, '{}', 'Connection: close\r\n');
  const no = { outcome: 'client_error', status: 400 };

  test.each([
    [
      'a length and chunks: the chunks count',
      `${post1}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    ],
    [
      'chunks and a length: the chunks count',
      `${post1}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${chunked}`,
    ],
    ['lines that end in bare line feeds', question(ask).toString().replaceAll('\r', '')],
    ['the same length twice', question(ask, `Content-Length: ${ask.length}\r\n`).toString()],
  ])('%s; it is one request with one record', async (_, request) => {
    const { records, parseErrors } = await exchange(Buffer.from(request), whole(200, done));
    expect(records).toMatchObject([{ ...ok, model: 'tiny', request_bytes: ask.length }]);
    expect(parseErrors).toEqual(noErrors);
  });

  test('behind the chunks of a request with a length too: the second is a request of its own', async () => {
    const hidden = `${post1}X-Request-ID: hidden\r\nContent-Length: ${ask.length}\r\n\r\n${ask}`;
    const request = `${post1}Content-Length: ${5 + hidden.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`;
    const { records } = await exchange(Buffer.from(request), Buffer.concat([whole(400, '{}'), whole(200, done)]));
    expect(records).toMatchObject([no, { ...ok, request_id: 'hidden' }]);
  });

  test.each([
    ['two lengths', question(ask, 'Content-Length: 4\r\n').toString()],
    ['a bare carriage return in a header', question(ask, 'X-A: 1\rContent-Length: 4\r\n').toString()],
  ])('%s: not read, counted, without a record', async (_, request) => {
    const { records, parseErrors } = await exchange(Buffer.from(request), refused);
    expect(records).toEqual([]);
    expect(parseErrors).toEqual({ ...noErrors, request: 1 });
  });

  const negative = (line: string) => `${post1}${line}\r\n\r\n`;
  const own = negative('Content-Length: -00').length;

  test.each([
    ['a request with a negative length', 'REQUEST', `${negative(`Content-Length: -${own}`)}x`],
    [
      'a request with a chunk of a negative length',
      'REQUEST',
      `${negative('Transfer-Encoding: chunked')}1\r\na\r\n-5\r\n0\r\n\r\n`,
    ],
    ['an answer with a negative length', 'RESPONSE', `HTTP/1.1 200 OK\r\nContent-Length: -40\r\n\r\nx`],
  ])('%s is given up at once', { timeout: 30_000 }, async (_, type, bytes) => {
    // In a process of its own: a parser that goes round and round for ever could not be stopped here.
    const code = `
      import { HttpStream } from ${JSON.stringify(new URL('../src/http-stream.ts', import.meta.url).pathname)};
      let calls = 0;
      const called = () => { if ((calls += 1) > 1000) { console.log('goes round'); process.exit(); } return false; };
      const stream = new HttpStream('${type}', { onHead: called, onBody: called, onEnd: called });
      let taken = false;
      try { taken = stream.push(Buffer.from(${JSON.stringify(bytes)})); } catch {}
      console.log(taken ? 'reads on' : 'gives up');
    `;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', code];
    const { stdout } = await execa(process.execPath, args, { cwd: import.meta.dirname, timeout: 20_000 });
    expect(stdout).toBe('gives up');
  });
});
