import { once } from 'node:events';
import { get, request } from 'node:http';
import { expect, test } from 'vitest';
import { post, startMeteredOllama } from './support/metered.ts';
import { connectTo } from './support/peer.ts';

const ask = { model: 'tiny', prompt: 'why is the sky blue' };
const chat = { model: 'tiny', messages: [{ role: 'user', content: 'why is the sky blue' }] };

test.each([
  ['/api/generate', ask, 'generate', true],
  ['/api/generate', { ...ask, stream: false }, 'generate', false],
  ['/api/chat', chat, 'chat', true],
  ['/api/chat', { ...chat, stream: false }, 'chat', false],
] as const)('%s %j: ok, with the tokens that the engine reports', async (path, body, endpoint, streamed) => {
  const { url, records } = await startMeteredOllama();
  await post(url + path, body);
  expect(await records.next()).toMatchObject({
    outcome: 'ok',
    status: 200,
    engine: 'ollama',
    server: 'engine:11434',
    model: 'tiny',
    endpoint,
    streamed,
    prompt_tokens: 5,
    generated_tokens: 8,
    generated_tokens_from: 'reported',
    request_bytes: JSON.stringify(body).length,
  });
});

test('the times of a streamed answer are in order: first content, last content, end', async () => {
  const { url, records } = await startMeteredOllama();
  await post(`${url}/api/generate`, ask);
  const {
    time_to_first_token_seconds: first = 0,
    time_to_last_content_seconds: last = 0,
    ...rest
  } = await records.next();
  expect([0, first, last, rest.duration_seconds].toSorted((a, b) => a - b)).toEqual([
    0,
    first,
    last,
    rest.duration_seconds,
  ]);
  expect(first).toBeLessThan(last);
});

test('an answer in one piece has no time to a first token', async () => {
  const { url, records } = await startMeteredOllama();
  await post(`${url}/api/generate`, { ...ask, stream: false });
  expect(await records.next()).not.toHaveProperty('time_to_first_token_seconds');
});

test.each([
  ['FAIL500', { outcome: 'server_error', reason: 'http_5xx', status: 500 }],
  ['FAILBUSY', { outcome: 'overloaded', reason: 'overloaded', status: 503 }],
  ['FAILSTREAM', { outcome: 'server_error', reason: 'stream_error', status: 200 }],
  ['TRUNCATE', { outcome: 'truncated', reason: 'truncated', status: 200 }],
  ['DROP', { outcome: 'truncated', reason: 'truncated', status: 200 }],
])('a stream with fault %s is recorded as %j', async (fault, judgement) => {
  const { url, records } = await startMeteredOllama();
  await post(`${url}/api/generate`, { ...ask, prompt: fault });
  expect(await records.next()).toMatchObject(judgement);
});

test.each([
  ['TRUNCATE', { outcome: 'truncated', reason: 'truncated', status: 200 }],
  ['FAILSTREAM', { outcome: 'server_error', reason: 'http_5xx', status: 500 }],
])('an answer in one piece with fault %s is recorded as %j', async (fault, judgement) => {
  const { url, records } = await startMeteredOllama();
  await post(`${url}/api/chat`, { ...chat, messages: [{ content: fault }], stream: false });
  expect(await records.next()).toMatchObject(judgement);
});

test('a connection that falls before the head of the answer is an error of the engine', async () => {
  const { url, records } = await startMeteredOllama();
  await expect(post(`${url}/api/generate`, { ...ask, prompt: 'DROP', stream: false })).rejects.toThrow('fetch failed');
  expect(await records.next()).toMatchObject({ outcome: 'server_error', reason: 'connect' });
});

test('the tokens of a truncated stream are counted by its pieces', async () => {
  const { url, records } = await startMeteredOllama();
  await post(`${url}/api/generate`, { ...ask, prompt: 'TRUNCATE' });
  expect(await records.next()).toMatchObject({ generated_tokens: 4, generated_tokens_from: 'counted' });
});

test('a model that is not there is a client error', async () => {
  const { url, records } = await startMeteredOllama();
  await post(`${url}/api/generate`, { ...ask, model: 'nope' });
  expect(await records.next()).toMatchObject({
    outcome: 'client_error',
    reason: 'http_4xx',
    status: 404,
    model: 'nope',
  });
});

test('a client that leaves in the middle of a stream aborted its request', async () => {
  const { url, records } = await startMeteredOllama({ tokens: 10_000 });
  const leaving = request(`${url}/api/generate`, { method: 'POST' });
  leaving.end(JSON.stringify(ask));
  const [answer] = (await once(leaving, 'response')) as [NodeJS.ReadableStream];
  await once(answer, 'data');
  leaving.destroy();
  const record = await records.next();
  expect(record).toMatchObject({ outcome: 'aborted', status: 200, generated_tokens_from: 'counted' });
  expect(record).not.toHaveProperty('reason');
});

test('a client that leaves before the answer begins aborted its request', async () => {
  const { port, records } = await startMeteredOllama({ firstTokenMs: 60_000 });
  const client = await connectTo(port);
  const body = JSON.stringify(ask);
  client.send(`POST /api/generate HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  client.socket.end();
  const record = await records.next();
  expect(record).toMatchObject({ outcome: 'aborted', model: 'tiny' });
  expect(record).not.toHaveProperty('status');
});

test('loading and unloading a model are no requests', async () => {
  const { url, records } = await startMeteredOllama();
  await post(`${url}/api/generate`, { model: 'tiny' });
  await post(`${url}/api/generate`, { model: 'tiny', keep_alive: 0 });
  await post(`${url}/api/generate`, ask);
  await records.next();
  expect(records.all).toHaveLength(1);
});

test('an upload in chunks says its model too', async () => {
  const { url, records } = await startMeteredOllama();
  const upload = request(`${url}/api/generate`, { method: 'POST' });
  for (const piece of ['{"model":"ti', 'ny","prompt"', ':"why"}']) upload.write(piece);
  upload.end();
  expect(await records.next()).toMatchObject({ model: 'tiny', outcome: 'ok', request_bytes: 31 });
});

test('several exchanges on one connection have a record each', async () => {
  const { port, records } = await startMeteredOllama();
  const client = await connectTo(port);
  const send = (path: string, body: object) => {
    const text = JSON.stringify(body);
    client.send(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    return records.next();
  };
  expect(await send('/api/generate', ask)).toMatchObject({ endpoint: 'generate', outcome: 'ok' });
  expect(await send('/api/chat', { ...chat, model: 'nope' })).toMatchObject({ endpoint: 'chat', status: 404 });
  expect(await send('/api/chat', chat)).toMatchObject({ endpoint: 'chat', outcome: 'ok' });
});

test('requests that are sent before the answers of earlier ones are each told apart', async () => {
  const { port, records } = await startMeteredOllama();
  const client = await connectTo(port);
  const bodies = ['tiny', 'nope', 'tiny'].map((model) => JSON.stringify({ ...ask, model }));
  const requests = bodies.map((body) => {
    return `GET /api/version HTTP/1.1\r\nHost: x\r\n\r\nPOST /api/generate HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  });
  client.send(requests.join(''));
  const found = [await records.next(), await records.next(), await records.next()];
  expect(found.map(({ model, outcome }) => `${model} ${outcome}`)).toEqual(['tiny ok', 'nope client_error', 'tiny ok']);
});

test('routes that are not metered leave no record', async () => {
  const { url, records } = await startMeteredOllama();
  for (const path of ['/', '/api/version', '/api/tags', '/api/generate', '/nope']) {
    const [answer] = (await once(get(url + path), 'response')) as [NodeJS.ReadableStream];
    answer.resume();
    await once(answer, 'end');
  }
  await post(`${url}/api/show`, chat);
  await post(`${url}/api/generate?verbose=1`, ask);
  await records.next();
  expect(records.all).toHaveLength(1);
});

test.each(['tiny', 'TINY', 'tiny:latest', 'Tiny:LATEST'])('model %s has one spelling: tiny', async (model) => {
  const { url, records } = await startMeteredOllama({ models: [model] });
  await post(`${url}/api/generate`, { ...ask, model });
  expect(await records.next()).toMatchObject({ model: 'tiny', status: 200 });
});

test("the client's own request id is kept", async () => {
  const { url, records } = await startMeteredOllama();
  await post(`${url}/api/generate`, ask, { 'X-Request-ID': 'trial-7/42' });
  expect(await records.next()).toMatchObject({ request_id: 'trial-7/42' });
});

test.each([
  ['none', {}],
  ['one with a space', { 'X-Request-ID': 'two words' }],
])('a request with %s for an id gets a new one', async (_, headers) => {
  const { url, records } = await startMeteredOllama();
  await post(`${url}/api/generate`, ask, headers);
  const { request_id: id } = await records.next();
  expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test.each([
  ['t=1700000000.5', 1_700_000_000.5],
  ['1700000000.5', 1_700_000_000.5],
  ['1700000000500', 1_700_000_000.5],
  ['t=1700000000500000', 1_700_000_000.5],
  ['yesterday', undefined],
  ['-1700000000', undefined],
])('X-Request-Start %s is when the client meant to send: %s', async (given, meant) => {
  const { url, records } = await startMeteredOllama();
  await post(`${url}/api/generate`, ask, { 'X-Request-Start': given });
  expect((await records.next()).intended_start_unix_seconds).toBe(meant);
});

test("the engine's queue is what its own durations leave of its total", async () => {
  const { url, records } = await startMeteredOllama({ loadMs: 20, firstTokenMs: 200 });
  await post(`${url}/api/generate`, ask);
  const record = await records.next();
  const parts = ['load', 'prompt_eval', 'eval', 'queue'] as const;
  const sum = parts.reduce((all, part) => all + (record[`server_${part}_seconds`] ?? Number.NaN), 0);
  expect(sum).toBeCloseTo(record.server_total_seconds ?? Number.NaN, 6);
});
