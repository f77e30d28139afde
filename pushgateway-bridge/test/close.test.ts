import { expect, test } from 'vitest';
import { Gateway } from './gateway.ts';
import { counted, groupPath, pushes, snapshot, startBridge, textOf } from './setup.ts';

test('pushes the last snapshot, then deletes the group', async () => {
  const gateway = await Gateway.start();
  const { bridge } = startBridge({ url: gateway.url });
  bridge.accept(snapshot(1));
  await counted(bridge, 'ok', 1);
  bridge.accept(snapshot(2));
  await bridge.close();
  expect(gateway.exchanges).toEqual([
    ['PUT', textOf(1)],
    ['PUT', textOf(2)],
    ['DELETE', ''],
  ]);
  expect(gateway.requests[2]?.path).toBe(groupPath);
});

test('does not push a snapshot twice', async () => {
  const gateway = await Gateway.start();
  const { bridge } = startBridge({ url: gateway.url });
  bridge.accept(snapshot(1));
  await counted(bridge, 'ok', 1);
  await bridge.close();
  expect(gateway.exchanges).toEqual([
    ['PUT', textOf(1)],
    ['DELETE', ''],
  ]);
});

test.each([
  ['by the close', false],
  ['just before the close', true],
])('leaves readings that were pushed %s there for an interval', async (_, isEarly) => {
  const gateway = await Gateway.start();
  const { bridge } = startBridge({ url: gateway.url });
  bridge.accept(snapshot(1));
  if (isEarly) await counted(bridge, 'ok', 1);
  await bridge.close();
  const [put, deletion] = gateway.requests;
  expect((deletion?.at ?? 0) - (put?.at ?? 0)).toBeGreaterThanOrEqual(400);
});

test('deletes the group at once when the last push failed', async () => {
  const gateway = await Gateway.start(({ method }) => (method === 'PUT' ? 400 : 202));
  const { bridge } = startBridge({ url: gateway.url, intervalMs: 60_000 });
  bridge.accept(snapshot(1));
  await bridge.close();
  expect(gateway.requests.map(({ method }) => method)).toEqual(['PUT', 'DELETE']);
});

test('may be called twice and deletes once', async () => {
  const gateway = await Gateway.start();
  const { bridge } = startBridge({ url: gateway.url });
  bridge.accept(snapshot(1));
  await Promise.all([bridge.close(), bridge.close()]);
  await bridge.close();
  expect(gateway.requests.map(({ method }) => method)).toEqual(['PUT', 'DELETE']);
});

test('a snapshot that comes later is not pushed', async () => {
  const gateway = await Gateway.start();
  const { bridge } = startBridge({ url: gateway.url });
  await bridge.close();
  bridge.accept(snapshot(1));
  await bridge.close();
  expect(gateway.exchanges).toEqual([['DELETE', '']]);
  expect(pushes(bridge)).toEqual({});
});

test('a DELETE that fails is logged with the command that does it, without credentials', async () => {
  const { bridge, lines } = startBridge({ url: new URL('http://user:secret@127.0.0.1:1/base/') });
  await bridge.close();
  expect(lines.map(({ message }) => message)).toEqual([
    `the group stays on the Pushgateway; delete it: curl -X DELETE http://127.0.0.1:1/base${groupPath}`,
  ]);
});

test('a DELETE that is rejected is logged', async () => {
  const gateway = await Gateway.start(() => 401);
  const { bridge, lines } = startBridge({ url: gateway.url });
  await bridge.close();
  expect(lines).toMatchObject([{ level: 'warn', cause: 'HTTP 401' }]);
});
