import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseText } from '@inferometer/core/exposition/parse-text';
import { beforeAll, expect, test } from 'vitest';
import { folder, nowhere, slow } from './program.ts';
import { RunningAgent } from './running-agent.ts';

let agent: RunningAgent;

beforeAll(async () => {
  const sources = ['--ollama', nowhere, '--vllm', 'http://127.0.0.1:2', '--nvidia-smi', 'no-such-nvidia-smi'];
  const pushgateway = ['--pushgateway', nowhere, '--push-interval', '100ms'];
  const place = ['--listen', '127.0.0.1:0', '--run', 'r1', '--node', 'n1'];
  agent = await RunningAgent.start([...place, ...sources, ...pushgateway], { INFEROMETER_RUNS: folder });
}, slow.timeout);

test('agent.json tells where it serves, and which process it is', () => {
  const file = JSON.parse(readFileSync(join(folder, 'r1', 'nodes', 'n1', 'agent.json'), 'utf8')) as object;
  expect(file).toMatchObject({ version: 1, ready: true, run: 'r1', node: 'n1', meters: [] });
  expect(agent.log.find(({ message }) => message === 'monitoring')).toMatchObject({
    metrics: `http://${String((file as { http: unknown }).http)}/metrics`,
  });
});

test.each(['/-/healthy', '/-/ready', '/metrics', '/metrics/prometheus', '/api/v1/snapshot'])(
  '%s answers although every source is down',
  slow,
  async (path) => {
    expect((await agent.get(path)).status).toBe(200);
  },
);

test('/metrics is text that Prometheus takes', slow, async () => {
  const { headers, body } = await agent.get('/metrics');
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(parseText(body).problems).toEqual([]);
});

test.each([
  ['nvidia-smi', 'no-such-nvidia-smi'],
  ['ollama', '127.0.0.1:1'],
  ['vllm', '127.0.0.1:2'],
])('%s is down and counted as unreachable', slow, async (collector, target) => {
  await agent.reached('inferometer_collector_failures_total', { collector, target, reason: 'unreachable' }, 1);
  expect(await agent.value('inferometer_collector_up', { collector, target })).toBe(0);
});

test('the node itself is read all the same', slow, async () => {
  await agent.reached('inferometer_collector_up', { collector: 'host' }, 1);
});

test('each source that stays down is logged once', slow, async () => {
  await agent.reached('inferometer_collector_failures_total', { collector: 'vllm' }, 3);
  await agent.reached('inferometer_pushes_total', { result: 'unreachable' }, 3);
  const warnings = agent.log.filter(({ level }) => level === 'warn').map(({ message }) => message);
  expect(warnings.toSorted()).toEqual([
    'a push failed and is dropped; trying again',
    'nvidia-smi: no reading of no-such-nvidia-smi; going on without it, trying again',
    'ollama: no reading of 127.0.0.1:1; going on without it, trying again',
    'vllm: no reading of 127.0.0.1:2; going on without it, trying again',
  ]);
});

// The last test: it ends the agent that the others ask.
test('TERM ends it with 0 within the 10 s that it has', slow, async () => {
  const { exitCode, ms } = await agent.terminate();
  expect(exitCode).toBe(0);
  expect(ms).toBeLessThan(10_000);
});
