import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { boundTo, formatHostPort } from '@inferometer/core/address';
import { httpExchange } from '@inferometer/core/http-request';
import type { MeterStatus } from '@inferometer/core/meter-status';
import { execa } from 'execa';
import { expect, test, vi } from 'vitest';
import { folder, inferometer, nowhere, program, slow } from './program.ts';
import { RunningAgent } from './running-agent.ts';

const agent = ['agent', '--sample-interval', '100ms', '--listen', '127.0.0.1:0'];

test.each(['2>/dev/full', '2>&1 | head -n 1'])(
  'a payload keeps its exit code where the log cannot be written: %s',
  slow,
  async (redirection) => {
    const script = `set -o pipefail; "$0" "$@" ${redirection}`;
    const args = [program, ...agent, '--run-dir', join(folder, 'log'), '--', 'sh', '-c', 'exit 7'];
    const { exitCode } = await execa('bash', ['-c', script, ...args], { reject: false, env: { HOME: folder } });
    expect(exitCode).toBe(7);
  },
);

test('a payload runs unmonitored where the run directory cannot be made', slow, async () => {
  writeFileSync(join(folder, 'file'), '');
  const { exitCode, stdout, stderr } = await inferometer([
    ...agent,
    ...['--run-dir', join(folder, 'file', 'run'), '--', 'sh', '-c', 'echo done; exit 7'],
  ]);
  expect([exitCode, stdout]).toEqual([7, 'done']);
  expect(stderr).toMatch('the command runs unmonitored');
});

test('without a payload a run directory that cannot be made ends with 2', slow, async () => {
  writeFileSync(join(folder, 'file'), '');
  const { exitCode, stderr } = await inferometer([...agent, '--run-dir', join(folder, 'file', 'run')]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch('INFEROMETER_RUN_DIR: see docs/errors.md');
});

test('a temporary directory with a long path is no trouble to a meter', slow, async () => {
  const long = join(folder, 'l'.repeat(120));
  mkdirSync(long);
  const meter = ['--ollama', nowhere, '--meter-ollama', '127.0.0.1:0'];
  const args = [...agent, '--run-dir', join(folder, 'long'), ...meter, '--', 'sh', '-c', 'exit 7'];
  expect((await inferometer(args, { TMPDIR: long })).exitCode).toBe(7);
});

test('a second agent of a run and node is refused, and leaves the first one alone', slow, async () => {
  const runDir = join(folder, 'twice');
  const first = await RunningAgent.start(['--listen', '127.0.0.1:0', '--run-dir', runDir, '--node', 'n1']);
  const { exitCode, stderr } = await inferometer([...agent, '--run-dir', runDir, '--node', 'n1']);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/process \d+ is this run's agent on n1 already/);
  expect((await first.terminate()).exitCode).toBe(0);
  expect(JSON.parse(readFileSync(join(runDir, 'nodes/n1/agent.json'), 'utf8'))).toMatchObject({ ready: false });
});

test('a terminal that is closed ends the agent as TERM does', slow, async () => {
  const closed = await RunningAgent.start(['--listen', '127.0.0.1:0', '--run-dir', join(folder, 'closed')]);
  expect((await closed.terminate('SIGHUP')).exitCode).toBe(0);
});

test.each([
  ['--meter-ollama 127.0.0.1:11434: there listens the server itself', ['--meter-ollama', '127.0.0.1:11434']],
  ['--meter-ollama 0.0.0.0:11434: there listens the server itself', ['--meter-ollama', '0.0.0.0:11434']],
  ['--ollama localhost:11434: given twice', ['--ollama', 'http://localhost:11434']],
  ['--sample-interval: at least 50ms', ['--sample-interval', '1ms']],
  ['--vllm: "http://u:p@h:1" is not a URL without user or password', ['--vllm', 'http://u:p@h:1']],
])('is refused: %s', slow, async (message, args) => {
  const { exitCode, stderr } = await inferometer(['agent', '--ollama', 'http://localhost:11434', ...args]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(message);
});

test("the source report's configuration file is taken, with a word on what means nothing yet", slow, async () => {
  const config = join(folder, 'report.yaml');
  writeFileSync(
    config,
    'monitor_interval: 1\nprometheus_push_interval: 15\npushgateway_url: http://127.0.0.1:1\noutput_file: a.csv\n',
  );
  chmodSync(config, 0o600);
  const args = ['agent', '--listen', '127.0.0.1:0', '--run-dir', join(folder, 'report'), '--config', config];
  const { exitCode, stderr } = await inferometer([...args, '--', 'true']);
  expect(exitCode).toBe(0);
  expect(stderr).toMatch('output_file of the configuration file means nothing to this version');
});

test('a meter relays on where its log cannot be written', slow, async () => {
  const engine = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'));
  await once(engine.listen(0, '127.0.0.1'), 'listening');
  const upstream = `http://${formatHostPort(boundTo(engine.address()))}`;
  const socket = join(folder, 'meter.sock');
  const options = ['--engine', 'ollama', '--listen', '127.0.0.1:0', '--upstream', upstream, '--status-socket', socket];
  const args = [program, 'meter', ...options, '--run-dir', join(folder, 'full')];
  const meter = execa('bash', ['-c', 'exec "$0" "$@" 2>/dev/full', ...args], { reject: false });
  const status = await vi.waitUntil(() => meterStatus(socket), { timeout: 20_000 });
  const { body } = await httpExchange(new URL(`http://${status.listen}`), { timeoutMs: 5000 });
  expect(body).toBe('hello');
  meter.kill('SIGTERM');
  expect((await meter).exitCode).toBe(0);
  engine.close();
});

async function meterStatus(socketPath: string): Promise<MeterStatus | undefined> {
  const url = new URL('http://meter/status');
  const answer = await httpExchange(url, { socketPath, timeoutMs: 1000 }).catch(() => undefined);
  return answer && (JSON.parse(answer.body) as MeterStatus);
}
