import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createLog } from '@inferometer/core/log';
import { createSnapshot } from '@inferometer/core/snapshot';
import { expect, test } from 'vitest';
import { Bridge } from '@inferometer/pushgateway-bridge/bridge';

/** The first byte of a TLS handshake (RFC 8446, 5.1). */
const handshake = 22;

test('a Pushgateway behind https is spoken to in TLS', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const group = { job: 'inferometer', cluster: 'c', run: 'r', instance: 'n' };
  const options = { url: new URL(`https://127.0.0.1:${port}`), group, intervalMs: 60_000, phase: 0 };
  const bridge = new Bridge(options, createLog({ write: () => true }));
  bridge.accept(createSnapshot(1, 0, []));
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  expect(bytes[0]).toBe(handshake);
  server.on('connection', (next) => next.destroy());
  socket.destroy();
  await bridge.close();
  server.close();
});
