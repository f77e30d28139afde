import { createServer } from 'node:net';
import { httpExchange } from '@inferometer/core/http-request';
import { createLog } from '@inferometer/core/log';
import { HttpSink } from '@inferometer/exporter/http/http-sink';
import { Bridge } from '@inferometer/pushgateway-bridge/bridge';
import { suiteWith } from '../helpers/parts.ts';
import { startPushgateway } from '../helpers/stack.ts';
import { sinkContract } from './sink-contract.ts';

const log = createLog({ write: () => true });
const group = { job: 'inferometer', cluster: 'c', run: 'r', instance: 'n' };

async function textOf(url: URL): Promise<string> {
  return (await httpExchange(url, { timeoutMs: 2000 })).body;
}

sinkContract({
  name: 'http',
  create: async () => {
    const sink = new HttpSink({ listen: { host: '127.0.0.1', port: 0 }, intervalMs: 10_000 });
    const { port } = await sink.listen();
    const visible = () => textOf(new URL(`http://127.0.0.1:${port}/metrics`));
    return { sink, visible, cleanUp: () => Promise.resolve() };
  },
});

suiteWith(['pushgateway'], 'with a real Pushgateway', () => {
  sinkContract({
    name: 'pushgateway',
    create: async () => {
      const pushgateway = await startPushgateway();
      const sink = new Bridge({ url: pushgateway.url, group, intervalMs: 100, phase: 0 }, log);
      const cleanUp = async (): Promise<void> => void (await pushgateway.stop());
      return { sink, visible: () => textOf(new URL('/metrics', pushgateway.url)), cleanUp };
    },
    createHanging: async () => {
      const silent = createServer((socket) => void socket.resume().on('error', () => undefined));
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const address = silent.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const url = new URL(`http://127.0.0.1:${port}`);
      const sink = new Bridge({ url, group, intervalMs: 5000, phase: 0 }, log);
      return { sink, cleanUp: () => new Promise((resolve) => void silent.close(() => resolve())) };
    },
  });
});
