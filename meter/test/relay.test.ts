import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connectTo, listenRaw, unusedPort } from './support/peer.ts';
import { startMeter, startMeteredOllama } from './support/metered.ts';

async function connected() {
  const engine = await listenRaw();
  const metered = await startMeter(engine);
  const client = await connectTo(metered.port);
  return { metered, client, server: await engine.next() };
}

test('request bytes arrive as they were sent: spelling, order, spaces and doubles of headers, any byte of a body', async () => {
  const { client, server } = await connected();
  const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const head = Buffer.from(
    'POST /api/generate?a=%20 HTTP/1.1\r\nhOsT:   engine\r\nX-Twice: 1\r\nx-twice: 2 \r\nContent-Length: 256\r\n\r\n',
  );
  client.send(Buffer.concat([head, body]));
  client.socket.end();
  await server.ended;
  expect(server.received).toEqual(Buffer.concat([head, body]));
});

test('response bytes arrive as they were sent', async () => {
  const { client, server } = await connected();
  client.send('GET / HTTP/1.0\r\n\r\n');
  await server.until('\r\n\r\n');
  const bytes = Buffer.concat([
    Buffer.from('HTTP/1.1 200  Fine \r\nSERVER: x\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n'),
    Buffer.from(Array.from({ length: 512 }, (_, byte) => byte % 256)),
  ]);
  server.send(bytes);
  server.socket.end();
  await client.ended;
  expect(client.received).toEqual(bytes);
});

test.each(['a response to a client', 'an upload to an engine'])(
  '%s that does not read is held back where it comes from, and arrives whole later',
  async (direction) => {
    const { client, server } = await connected();
    const [from, to] = direction.startsWith('a response') ? [server, client] : [client, server];
    const arrived = createHash('sha256');
    to.socket.removeAllListeners('data').pause();
    const total = 96;
    const sending = new Sending(from.socket, total);
    await sending.stalled();
    // Held by the meter and by the system's own socket buffers, which take several MiB each.
    expect(sending.sent).toBeLessThan(total / 2);
    to.socket.on('data', (chunk: Buffer) => arrived.update(chunk));
    to.socket.resume();
    await to.ended;
    expect(arrived.digest('hex')).toBe(sending.digest());
  },
);

/** Sends as many MiB as it is told and then ends, no faster than the socket takes them. */
class Sending {
  sent = 0;
  readonly #hash = createHash('sha256');
  readonly #socket: Socket;
  readonly #whole: Promise<void>;

  constructor(socket: Socket, mebibytes: number) {
    this.#socket = socket;
    this.#whole = this.#send(mebibytes);
  }

  /** Resolves when nothing was taken for a while. */
  async stalled(): Promise<void> {
    for (let before = -1; before !== this.sent;) {
      before = this.sent;
      await Promise.race([this.#whole, delay(150)]);
    }
  }

  digest(): string {
    return this.#hash.digest('hex');
  }

  async #send(mebibytes: number): Promise<void> {
    for (let round = 0; round < mebibytes; round += 1) {
      const chunk = Buffer.alloc(2 ** 20, `${round} `);
      this.#hash.update(chunk);
      if (!this.#socket.write(chunk)) await once(this.#socket, 'drain');
      this.sent += 1;
    }
    this.#socket.end();
  }
}

test('a client that ends its side first still gets its answer', async () => {
  const { client, server } = await connected();
  client.send('GET /slow HTTP/1.1\r\n\r\n');
  client.socket.end();
  await server.ended;
  server.send('HTTP/1.1 200 OK\r\n\r\nlate');
  server.socket.end();
  await client.ended;
  expect(client.text).toBe('HTTP/1.1 200 OK\r\n\r\nlate');
});

test('an engine that ends its side first still gets the rest of the request', async () => {
  const { client, server } = await connected();
  server.socket.end('HTTP/1.1 413 Too Large\r\n\r\n');
  await client.ended;
  client.socket.end('the rest');
  await server.ended;
  expect(server.text).toBe('the rest');
});

test('a connection that changes its protocol is relayed on', async () => {
  const { client, server } = await connected();
  client.send('GET /socket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await server.until('\r\n\r\n');
  server.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi');
  await client.until('\x81\x02hi');
  client.send('\x81\x03you');
  expect(await server.until('you')).toContain('\x81\x03you');
});

test('a client that asks before it uploads is told to go on', async () => {
  const { url, records } = await startMeteredOllama();
  const body = JSON.stringify({ model: 'tiny', prompt: 'why', stream: false });
  const upload = request(`${url}/api/generate`, {
    method: 'POST',
    headers: { Expect: '100-continue', 'Content-Length': body.length },
  });
  upload.flushHeaders();
  await once(upload, 'continue');
  upload.end(body);
  await once(upload, 'response');
  expect(await records.next()).toMatchObject({ outcome: 'ok', status: 200, model: 'tiny' });
});

test.each([
  ['leaves', 'destroy', undefined],
  ['resets its connection', 'resetAndDestroy', 'ECONNRESET'],
] as const)('the engine hears at once of a client that %s', async (_, leave, code) => {
  const { client, server } = await connected();
  client.send('POST /api/chat HTTP/1.1\r\nContent-Length: 0\r\n\r\n');
  await server.until('\r\n\r\n');
  client.socket[leave]();
  if (code === undefined) {
    await server.ended;
    server.socket.destroy();
  }
  expect(await server.closed).toBe(code);
});

test('an engine that dies in the middle of an answer resets its client', async () => {
  const { client, server } = await connected();
  client.send('GET / HTTP/1.1\r\n\r\n');
  await server.until('\r\n\r\n');
  server.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
  await client.until('half');
  server.socket.resetAndDestroy();
  expect(await client.closed).toBe('ECONNRESET');
});

test('an engine that closes in the middle of an answer ends it for its client', async () => {
  const { client, server } = await connected();
  client.send('GET / HTTP/1.1\r\n\r\n');
  await server.until('\r\n\r\n');
  server.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
  await client.ended;
  expect(client.text).toMatch(/half$/);
});

test('an engine that cannot be reached resets its client, and the request is recorded', async () => {
  const { port, records } = await startMeter({ host: '127.0.0.1', port: await unusedPort() });
  const client = await connectTo(port);
  client.send('POST /api/generate HTTP/1.1\r\nContent-Length: 16\r\n\r\n{"model":"tiny"}');
  expect(await client.closed).toBe('ECONNRESET');
  const record = await records.next();
  expect(record).toMatchObject({ outcome: 'server_error', reason: 'connect', model: 'tiny', response_bytes: 0 });
  expect(record).not.toHaveProperty('status');
});

test('a client that looks in while the engine is away, and says nothing, leaves no connection behind', async () => {
  const { port } = await startMeter({ host: '127.0.0.1', port: await unusedPort() });
  const client = await connectTo(port);
  client.socket.end();
  expect(await client.closed).toBe('ECONNRESET');
});
