import { httpExchange } from '@inferometer/core/http-request';
import { expect, test } from 'vitest';
import { type Behaviour, Gateway } from './gateway.ts';
import { snapshot, startBridge, textOf } from './setup.ts';

test('nothing is pushed behind the DELETE, which would bring the group back', async () => {
  const gateway = await Gateway.start(({ method }) => (method === 'PUT' ? 'hang' : 202));
  const { bridge } = startBridge({ url: gateway.url, intervalMs: 60_000 });
  bridge.accept(snapshot(1));
  await gateway.request(1);
  bridge.accept(snapshot(2));
  await bridge.close();
  // What the bridge may still have under way comes before the last of these.
  for (let turn = 0; turn < 20; turn += 1) await httpExchange(gateway.url, { timeoutMs: 5000 });
  expect(gateway.exchanges.filter(([method]) => method !== 'GET')).toEqual([
    ['PUT', textOf(1)],
    ['DELETE', ''],
  ]);
});

const hangs: readonly (readonly [Behaviour, number])[] = [
  [() => 'hang', 5000],
  [({ method }) => (method === 'PUT' ? 202 : 'hang'), 5000],
  [({ method }) => (method === 'PUT' ? 202 : 'hang'), 60_000],
];

test('takes less than 9 s, however a gateway hangs and however rare the pushes are', async () => {
  const times = hangs.map(async ([behaviour, intervalMs]) => {
    const gateway = await Gateway.start(behaviour);
    const { bridge } = startBridge({ url: gateway.url, intervalMs });
    bridge.accept(snapshot(1));
    const began = performance.now();
    await bridge.close();
    return performance.now() - began;
  });
  expect(Math.max(...(await Promise.all(times)))).toBeLessThan(9000);
});
