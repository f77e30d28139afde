import { expect, test } from 'vitest';
import { Gateway } from './gateway.ts';
import { counted, groupPath, pushes, snapshot, startBridge, textOf } from './setup.ts';

test("replaces the group by the snapshot's text", async () => {
  const gateway = await Gateway.start();
  startBridge({ url: gateway.url }).bridge.accept(snapshot(1));
  const { method, path, headers, body } = await gateway.request(1);
  expect([method, path, body]).toEqual(['PUT', groupPath, textOf(1)]);
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(headers.authorization).toBeUndefined();
});

test('sends the credentials as HTTP Basic authentication', async () => {
  const gateway = await Gateway.start();
  const credentials = { user: 'inferometer', password: 'geheim:ö' };
  startBridge({ url: gateway.url, credentials }).bridge.accept(snapshot(1));
  const { headers } = await gateway.request(1);
  expect(headers.authorization).toBe(`Basic ${Buffer.from('inferometer:geheim:ö').toString('base64')}`);
});

test('reaches a Pushgateway below a path', async () => {
  const gateway = await Gateway.start();
  startBridge({ url: new URL('gateway/', gateway.url) }).bridge.accept(snapshot(1));
  expect((await gateway.request(1)).path).toBe(`/gateway${groupPath}`);
});

test('pushes the newest of the snapshots that came since the last push', async () => {
  const gateway = await Gateway.start();
  const { bridge } = startBridge({ url: gateway.url });
  bridge.accept(snapshot(1));
  await gateway.request(1);
  for (const seq of [2, 3, 4]) bridge.accept(snapshot(seq));
  expect((await gateway.request(2)).body).toBe(textOf(4));
});

test.each([200, 202])('a push answered with %d is ok', async (status) => {
  const gateway = await Gateway.start(() => status);
  const { bridge } = startBridge({ url: gateway.url });
  bridge.accept(snapshot(1));
  await counted(bridge, 'ok', 1);
  expect(pushes(bridge)).toEqual({ ok: 1 });
});

test('the first push waits for its part of the interval', async () => {
  const gateway = await Gateway.start();
  const accepted = performance.now();
  startBridge({ url: gateway.url, phase: 0.5 }).bridge.accept(snapshot(1));
  // A timer of Node may be early by a part of a millisecond.
  expect((await gateway.request(1)).at - accepted).toBeGreaterThanOrEqual(199);
});

test('a push that is rejected is counted, dropped and logged with the answer', async () => {
  const gateway = await Gateway.start(() => 400);
  const { bridge, lines } = startBridge({ url: gateway.url });
  bridge.accept(snapshot(1));
  await counted(bridge, 'rejected', 1);
  bridge.accept(snapshot(2));
  await counted(bridge, 'rejected', 2);
  expect(gateway.exchanges).toEqual([
    ['PUT', textOf(1)],
    ['PUT', textOf(2)],
  ]);
  expect(lines.map(({ level, cause }) => [level, cause])).toEqual([['warn', 'HTTP 400: pushed metrics are invalid']]);
});

test('a push that hangs is counted and dropped; what came meanwhile is not queued', async () => {
  const gateway = await Gateway.start(({ body }) => (body === textOf(1) ? 'hang' : 202));
  const { bridge } = startBridge({ url: gateway.url });
  bridge.accept(snapshot(1));
  await gateway.request(1);
  for (const seq of [2, 3, 4]) bridge.accept(snapshot(seq));
  await counted(bridge, 'ok', 1);
  expect(gateway.exchanges).toEqual([
    ['PUT', textOf(1)],
    ['PUT', textOf(4)],
  ]);
  expect(pushes(bridge)).toEqual({ timeout: 1, ok: 1 });
});

test('a push that is refused is counted and dropped', async () => {
  const { bridge, lines } = startBridge({ url: new URL('http://127.0.0.1:1') });
  bridge.accept(snapshot(1));
  await counted(bridge, 'unreachable', 1);
  expect(pushes(bridge)).toEqual({ unreachable: 1 });
  expect(lines).toMatchObject([{ level: 'warn', cause: expect.stringContaining('ECONNREFUSED') as string }]);
});

test('the log has one line for each change, not for each push', async () => {
  const gateway = await Gateway.start(({ body }) => (body === textOf(1) || body === textOf(2) ? 503 : 202));
  const { bridge, lines } = startBridge({ url: gateway.url });
  for (const seq of [1, 2, 3, 4]) {
    bridge.accept(snapshot(seq));
    await gateway.request(seq);
  }
  await counted(bridge, 'ok', 2);
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'info']);
});
