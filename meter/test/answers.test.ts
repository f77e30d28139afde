import { expect, test } from 'vitest';
import { startMeter } from './support/metered.ts';
import { connectTo, listenRaw } from './support/peer.ts';

const ask = '{"model":"tiny","prompt":"why is the sky blue"}';

/** Sends a request; the engine answers it with these bytes. */
async function exchange(answer: string) {
  const engine = await listenRaw();
  const { port, records } = await startMeter(engine);
  const client = await connectTo(port);
  client.send(`POST /api/generate HTTP/1.1\r\nContent-Length: ${ask.length}\r\n\r\n${ask}`);
  const server = await engine.next();
  await server.until(ask);
  server.send(answer);
  return { client, server, records };
}

function whole(status: number, type: string, text: string): string {
  return `HTTP/1.1 ${status} X\r\nContent-Type: ${type}\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

const done = '{"response":"x","done":true,"prompt_eval_count":1,"eval_count":1}';

test.each([
  [302, 'client_error', 'http_4xx'],
  [400, 'client_error', 'http_4xx'],
  [408, 'timeout', 'timeout'],
  [429, 'overloaded', 'overloaded'],
  [499, 'client_error', 'http_4xx'],
  [500, 'server_error', 'http_5xx'],
  [502, 'server_error', 'http_5xx'],
  [503, 'overloaded', 'overloaded'],
  [504, 'timeout', 'timeout'],
])('status %i is %s, for the reason %s', async (status, outcome, reason) => {
  const { records } = await exchange(whole(status, 'application/json', '{"error":"no"}'));
  expect(await records.next()).toMatchObject({ outcome, reason, status });
});

test.each(['application/json', 'text/plain', 'application/octet-stream'])(
  'a body is read whatever its type says: %s',
  async (type) => {
    const { records } = await exchange(whole(200, type, done));
    expect(await records.next()).toMatchObject({ outcome: 'ok', generated_tokens: 1, streamed: false });
  },
);

test('a body that only the end of the connection ends is whole', async () => {
  const { client, server, records } = await exchange(`HTTP/1.1 200 OK\r\n\r\n${done}`);
  server.socket.end();
  await client.ended;
  client.socket.end();
  expect(await records.next()).toMatchObject({ outcome: 'ok' });
});

test('an answer before its request is whole is an answer', async () => {
  const engine = await listenRaw();
  const { port, records } = await startMeter(engine);
  const client = await connectTo(port);
  client.send('POST /api/generate HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{"mo');
  const server = await engine.next();
  await server.until('{"mo');
  server.send(whole(413, 'text/plain', 'too large'));
  expect(await records.next()).toMatchObject({ outcome: 'client_error', status: 413, request_bytes: 4 });
});

test('what the engine says to a client that has left is no error of the engine', async () => {
  const stream = 'HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n{"response":"x","done":false}\n';
  const { client, server, records } = await exchange(stream);
  await client.until('false}\n');
  client.socket.end();
  await server.ended;
  server.socket.end('{"error":"request canceled"}\n');
  expect(await records.next()).toMatchObject({ outcome: 'aborted' });
});

test('a client that leaves with the whole answer did not abort it', async () => {
  const chunk = `${done.length.toString(16)}\r\n${done}\r\n`;
  const { client, server, records } = await exchange(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`);
  await client.until(done);
  client.socket.end();
  await server.ended;
  server.socket.end();
  expect(await records.next()).toMatchObject({ outcome: 'ok', generated_tokens: 1 });
});

test('a client that offers another protocol and is not taken up on it is metered', async () => {
  const engine = await listenRaw();
  const { port, records } = await startMeter(engine);
  const client = await connectTo(port);
  client.send(
    'POST /api/generate HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n' +
      `Content-Length: ${ask.length}\r\n\r\n${ask}`,
  );
  const server = await engine.next();
  await server.until(ask);
  server.send(whole(200, 'application/json', done));
  expect(await records.next()).toMatchObject({ outcome: 'ok', model: 'tiny' });
});
