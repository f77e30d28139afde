import { performance } from 'node:perf_hooks';
import { family } from '@inferometer/core/catalogue/readings';
import { httpExchange } from '@inferometer/core/http-request';
import { createSnapshot } from '@inferometer/core/snapshot';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { HttpSink } from '../src/http/http-sink.ts';

afterEach(() => void vi.restoreAllMocks());

const snapshot = createSnapshot(7, 1_700_000_000_000, [[family('host_load1', [{ value: 0.5 }])]]);
const text = '# HELP host_load1 Load average of the node over one minute.\n# TYPE host_load1 gauge\nhost_load1 0.5\n';

async function serve(token?: string) {
  const sink = new HttpSink({ listen: { host: '127.0.0.1', port: 0 }, intervalMs: 1000, token });
  const { port } = await sink.listen();
  onTestFinished(() => sink.close());
  const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    httpExchange(new URL(path, `http://127.0.0.1:${port}`), { headers, timeoutMs: 2000 });
  return { sink, port, get };
}

describe('/metrics', () => {
  test('is the latest snapshot, in the type that a scrape asks for', async () => {
    const { sink, get } = await serve();
    sink.accept(snapshot);
    const { status, headers, body } = await get('/metrics');
    expect({ status, body }).toEqual({ status: 200, body: text });
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  test('is the same as /metrics/prometheus', async () => {
    const { sink, get } = await serve();
    sink.accept(snapshot);
    expect((await get('/metrics/prometheus')).body).toBe((await get('/metrics')).body);
  });

  test.each(['/metrics', '/metrics/prometheus', '/api/v1/snapshot'])(
    '%s answers 503 before the first snapshot',
    async (path) => {
      const { get } = await serve();
      expect((await get(path)).status).toBe(503);
    },
  );

  test('answers 503 after three missed ticks, and 200 with the next snapshot', async () => {
    const { sink, get } = await serve();
    const at = performance.now();
    const now = vi.spyOn(performance, 'now').mockReturnValue(at);
    const statuses: number[] = [];
    sink.accept(snapshot);
    for (const later of [3000, 3001]) {
      now.mockReturnValue(at + later);
      statuses.push((await get('/metrics')).status);
    }
    sink.accept(snapshot);
    statuses.push((await get('/metrics')).status);
    expect(statuses).toEqual([200, 503, 200]);
  });
});

test('/api/v1/snapshot is the snapshot as JSON', async () => {
  const { sink, get } = await serve();
  sink.accept(snapshot);
  const { headers, body } = await get('/api/v1/snapshot');
  expect(headers['content-type']).toMatch('application/json');
  expect(JSON.parse(body)).toEqual(snapshot);
});

test('it is healthy at once and ready with the first snapshot', async () => {
  const { sink, get } = await serve();
  const states = async () => [(await get('/-/healthy')).status, (await get('/-/ready')).status];
  expect(await states()).toEqual([200, 503]);
  sink.accept(snapshot);
  expect(await states()).toEqual([200, 200]);
});

test('another path is not found, and nothing tells what serves it', async () => {
  const { get } = await serve();
  const { status, headers } = await get('/nope');
  expect(status).toBe(404);
  expect(headers).not.toHaveProperty('x-powered-by');
});

describe('with a token', () => {
  const basic = (user: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });

  test.each(['/metrics', '/metrics/prometheus', '/api/v1/snapshot', '/nope'])('%s asks for it', async (path) => {
    const { sink, get } = await serve('s3cret:with colon');
    sink.accept(snapshot);
    const { status, headers } = await get(path);
    expect({ status, asks: headers['www-authenticate'] }).toEqual({ status: 401, asks: 'Basic realm="inferometer"' });
  });

  test('who has it gets in', async () => {
    const { sink, get } = await serve('s3cret:with colon');
    sink.accept(snapshot);
    expect((await get('/metrics', basic('inferometer', 's3cret:with colon'))).status).toBe(200);
  });

  test.each([
    ['another token', basic('inferometer', 's3cret')],
    ['another user', basic('admin', 's3cret:with colon')],
    ['another scheme', { authorization: 'Bearer s3cret:with colon' }],
    ['no credentials', { authorization: 'Basic' }],
  ])('%s does not get in', async (_, headers) => {
    const { sink, get } = await serve('s3cret:with colon');
    sink.accept(snapshot);
    expect((await get('/metrics', headers)).status).toBe(401);
  });

  test('its health is for everyone', async () => {
    const { get } = await serve('s3cret');
    expect([(await get('/-/healthy')).status, (await get('/-/ready')).status]).toEqual([200, 503]);
  });
});

test('an address that is taken is refused, and named', async () => {
  const { port } = await serve();
  const second = new HttpSink({ listen: { host: '127.0.0.1', port }, intervalMs: 1000 });
  await expect(second.listen()).rejects.toMatchObject({
    code: 'INFEROMETER_LISTEN_TAKEN',
    message: expect.stringContaining(`--listen 127.0.0.1:${port}`),
  });
});

test('once closed it accepts snapshots without a word, and can be closed again', async () => {
  const { sink, get } = await serve();
  await sink.close();
  sink.accept(snapshot);
  await sink.close();
  await expect(get('/metrics')).rejects.toThrow('ECONNREFUSED');
});
