import { expect, test } from 'vitest';
import { startMeter } from './support/metered.ts';
import { connectTo, listenRaw } from './support/peer.ts';

test.each([
  ['request', 'SSH-2.0-OpenSSH_9.2\r\n', 'SSH-2.0-OpenSSH_9.3\r\n'],
  ['response', 'GET / HTTP/1.1\r\n\r\n', 'ICY 200 OK\r\n'],
])('a %s that is no HTTP is relayed and counted', async (side, question, answer) => {
  const engine = await listenRaw();
  const { port, meter, logged } = await startMeter(engine);
  for (const _ of ['the first', 'the second']) {
    const client = await connectTo(port);
    client.send(question);
    const server = await engine.next();
    expect(await server.until(question)).toBe(question);
    server.send(answer);
    expect(await client.until(answer)).toBe(answer);
  }
  expect(meter.status().parseErrors).toMatchObject({ [side]: 2 });
  expect(logged.filter(({ reason }) => reason === side)).toHaveLength(1);
});

test('a request whose answer cannot be read is in flight no more, and has no record', async () => {
  const engine = await listenRaw();
  const { port, meter, records } = await startMeter(engine);
  const client = await connectTo(port);
  client.send('POST /api/generate HTTP/1.1\r\nContent-Length: 16\r\n\r\n{"model":"tiny"}');
  const server = await engine.next();
  await server.until('tiny');
  server.send('ICY 200 OK\r\n');
  await client.until('ICY');
  expect(meter.status().inFlight).toEqual([]);
  expect(records.all).toEqual([]);
});

test('a request that is answered with another protocol is in flight no more', async () => {
  const engine = await listenRaw();
  const { port, meter } = await startMeter(engine);
  const client = await connectTo(port);
  client.send('POST /api/generate HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\n{}');
  const server = await engine.next();
  await server.until('{}');
  server.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  await client.until('101');
  expect(meter.status().inFlight).toEqual([]);
});

test('an answer in an encoding that nobody knows is relayed and counted, and has no record', async () => {
  const engine = await listenRaw();
  const { port, meter, records } = await startMeter(engine);
  const client = await connectTo(port);
  client.send('POST /api/generate HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}');
  const server = await engine.next();
  await server.until('{}');
  server.send('HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 5\r\n\r\nhello');
  await client.until('hello');
  expect(meter.status()).toMatchObject({ inFlight: [], parseErrors: { body: 1 } });
  expect(records.all).toEqual([]);
});
