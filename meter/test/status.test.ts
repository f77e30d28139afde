import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpExchange } from '@inferometer/core/http-request';
import type { MeterStatus } from '@inferometer/core/meter-status';
import { expect, onTestFinished, test } from 'vitest';
import { serveStatus, type StatusSource } from '../src/status-server.ts';
import { startMeter } from './support/metered.ts';
import { connectTo, listenRaw } from './support/peer.ts';

/** A status socket, and how to ask it. */
async function serve(source: StatusSource) {
  const folder = mkdtempSync(join(tmpdir(), 'inferometer-'));
  const socketPath = join(folder, 'meter.sock');
  // Left behind by a meter that was killed.
  writeFileSync(socketPath, '');
  const server = await serveStatus(socketPath, source);
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  return async (method: 'GET' | 'POST', path: string) => {
    const url = new URL(path, 'http://meter');
    const { status, body } = await httpExchange(url, { method, socketPath, timeoutMs: 2000 });
    return { status, body: JSON.parse(body) as MeterStatus };
  };
}

async function meterWith(bodies: readonly (readonly [string, string])[]) {
  const engine = await listenRaw();
  const metered = await startMeter(engine);
  const servers = [];
  for (const [path, body] of bodies) {
    const client = await connectTo(metered.port);
    client.send(`POST ${path} HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    const server = await engine.next();
    await server.until(body);
    servers.push(server);
  }
  const ask = await serve({ status: () => metered.meter.status(), flush: () => Promise.resolve() });
  return { ...metered, ask, servers };
}

test('counts the requests in flight by endpoint and model', async () => {
  const { ask } = await meterWith([
    ['/api/generate', '{"model":"a"}'],
    ['/api/generate', '{"model":"A:latest"}'],
    ['/api/generate', '{"model":"b"}'],
    ['/api/chat', '{"model":"a"}'],
    ['/api/chat', '{"prompt":"without a model"}'],
    ['/api/show', '{"model":"a"}'],
  ]);
  expect((await ask('GET', '/status')).body.inFlight).toEqual([
    { endpoint: 'generate', model: 'a', count: 2 },
    { endpoint: 'generate', model: 'b', count: 1 },
    { endpoint: 'chat', model: 'a', count: 1 },
    { endpoint: 'chat', count: 1 },
  ]);
});

test('a request that has ended is in flight no more', async () => {
  const { ask, servers, records } = await meterWith([['/api/chat', '{"model":"a"}']]);
  servers[0]?.send('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
  await records.next();
  expect((await ask('GET', '/status')).body.inFlight).toEqual([]);
});

test('says who the meter is and where it listens', async () => {
  const { ask, port } = await meterWith([]);
  expect(await ask('GET', '/status')).toEqual({
    status: 200,
    body: {
      version: 1,
      pid: process.pid,
      engine: 'ollama',
      server: 'engine:11434',
      listen: `127.0.0.1:${port}`,
      inFlight: [],
      parseErrors: { request: 0, response: 0, body: 0 },
      recordsLost: 0,
    },
  });
});

test('a flush is answered when the records are in their file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'inferometer-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'records');
  const { meter } = await meterWith([]);
  const ask = await serve({
    status: () => meter.status(),
    flush: async () => {
      await Promise.resolve();
      writeFileSync(file, 'written');
    },
  });
  expect(await ask('POST', '/flush')).toMatchObject({ status: 200, body: { version: 1 } });
  expect(readFileSync(file, 'utf8')).toBe('written');
});

test.each([
  ['GET', '/flush'],
  ['POST', '/status'],
  ['GET', '/'],
] as const)('%s %s is none of its questions', async (method, path) => {
  const { ask } = await meterWith([]);
  expect(await ask(method, path)).toEqual({ status: 404, body: {} });
});
