import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folder, slow } from './program.ts';
import { RunningAgent } from './running-agent.ts';

/** Takes a port until the test ends, unless another program has it already. */
async function take(port: number): Promise<void> {
  const server = createServer();
  const isTaken = new Promise<void>((resolve) => {
    server.once('error', () => resolve());
    server.listen(port, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  await isTaken;
}

test('where the default port is taken it serves on another, warns once and tells it', slow, async () => {
  await take(6000);
  const agent = await RunningAgent.start(['--run', 'r', '--node', 'n', '--nvidia-smi', 'none'], {
    INFEROMETER_RUNS: folder,
  });
  const { http } = JSON.parse(readFileSync(join(folder, 'r/nodes/n/agent.json'), 'utf8')) as { http: string };
  const warnings = agent.log.filter(({ message }) => message.startsWith('port 6000'));
  expect(warnings).toMatchObject([{ level: 'warn', message: 'port 6000 is taken; serving on another', listen: http }]);
  expect(http).toMatch(/^127\.0\.0\.1:(?!6000$)\d+$/);
  expect((await agent.get(`http://${http}/metrics`)).status).toBe(200);
  expect((await agent.terminate()).exitCode).toBe(0);
});
