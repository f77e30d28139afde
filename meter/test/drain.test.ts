import { expect, test } from 'vitest';
import { connectTo, listenRaw } from './support/peer.ts';
import { startMeter } from './support/metered.ts';

const ask = 'POST /api/generate HTTP/1.1\r\nContent-Length: 16\r\n\r\n{"model":"tiny"}';
const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"done":true}';

async function connected() {
  const engine = await listenRaw();
  const metered = await startMeter(engine);
  const client = await connectTo(metered.port);
  return { ...metered, client, server: await engine.next() };
}

test('an idle connection is closed at once, and new ones are refused', async () => {
  const { meter, client, server, port } = await connected();
  const drained = meter.drain();
  await Promise.all([client.ended, server.ended]);
  client.socket.destroy();
  server.socket.destroy();
  await drained;
  await expect(connectTo(port)).rejects.toThrow('ECONNREFUSED');
});

test.each([
  ['metered', ask],
  ['unmetered', 'POST /api/pull HTTP/1.1\r\nContent-Length: 0\r\n\r\n'],
])('a connection with a %s request under way is closed when the answer is whole', async (_, request) => {
  const { meter, client, server } = await connected();
  client.send(request);
  await server.until('\r\n\r\n');
  const drained = meter.drain();
  server.send(answer);
  await client.ended;
  expect(client.text).toBe(answer);
  client.socket.end();
  await server.ended;
  server.socket.end();
  await drained;
});

test('requests that were sent ahead are all answered before their connection is closed', async () => {
  const { meter, client, server, records } = await connected();
  client.send(ask + ask);
  await server.until(ask + ask);
  void meter.drain();
  server.send(answer);
  await client.until(answer);
  server.send(answer);
  await client.ended;
  expect(client.text).toBe(answer + answer);
  expect(records.all).toHaveLength(2);
});
