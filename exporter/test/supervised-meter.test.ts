import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { HostPort } from '@inferometer/core/address';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { meterSocketPath } from '../src/meters/socket-path.ts';
import { type MeterSetup, SupervisedMeter } from '../src/meters/supervised-meter.ts';
import { RecordedLog } from './support/recorded-log.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inferometer-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

/** Answers on its socket as a meter does, with its own arguments for a server. */
const stub = `
  const { createServer } = require('node:http');
  const { rmSync } = require('node:fs');
  const option = (name) => process.argv[process.argv.indexOf(name) + 1];
  const socket = option('--status-socket');
  rmSync(socket, { force: true });
  const known = { version: 1, engine: 'ollama', pid: process.pid, listen: option('--listen') };
  const status = { ...known, server: process.argv.slice(2).join(' ') };
  createServer((request, response) => response.end(JSON.stringify(status))).listen(socket);
`;

function meterThatRuns(code: string) {
  const program = join(folder, 'meter.cjs');
  writeFileSync(program, code);
  const setup: MeterSetup = {
    engine: 'ollama',
    upstream: new URL('http://node7:11434'),
    listen: { host: '127.0.0.1', port: 11435 },
    runDir: '/run/7',
    node: 'node7',
    socketPath: join(folder, 'meter.sock'),
    logPath: join(folder, 'meter.log'),
    program: [process.execPath, program],
  };
  const recorded = new RecordedLog();
  return {
    meter: new SupervisedMeter(setup, recorded.log),
    again: (listen: HostPort = setup.listen) => new SupervisedMeter({ ...setup, listen }, recorded.log),
    recorded,
  };
}

const isGone = (pid: number) => {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
};

describe('a meter', () => {
  test('is started with what it is to do, and ends when it is told to', async () => {
    const { meter } = meterThatRuns(stub);
    const { pid, server } = await meter.start();
    expect(server).toBe(
      'meter --engine ollama --upstream http://node7:11434/ --listen 127.0.0.1:11435 --run-dir /run/7 --node node7 ' +
        `--status-socket ${join(folder, 'meter.sock')}`,
    );
    await meter.stop();
    await vi.waitUntil(() => isGone(pid), { timeout: 5000 });
  });

  test('that runs already is taken over', async () => {
    const { meter, again } = meterThatRuns(stub);
    const { pid } = await meter.start();
    const taker = again();
    expect((await taker.start()).pid).toBe(pid);
    await taker.stop();
    await vi.waitUntil(() => isGone(pid), { timeout: 5000 });
  });

  test('that was taken over and then ended is started again', { timeout: 20_000 }, async () => {
    const { meter, again } = meterThatRuns(stub);
    const { pid } = await meter.start();
    const taker = again();
    await taker.start();
    process.kill(pid, 'SIGKILL');
    await vi.waitUntil(() => isGone(pid), { timeout: 5000 });
    const next = await vi.waitUntil(() => taker.status(), { timeout: 10_000, interval: 100 });
    expect(next?.pid).not.toBe(pid);
    await taker.stop();
    await vi.waitUntil(() => isGone(next?.pid ?? 0), { timeout: 5000 });
  });

  test('that runs already at another address than asked for is refused', async () => {
    const { meter, again } = meterThatRuns(stub);
    await meter.start();
    await expect(again({ host: '127.0.0.1', port: 11436 }).start()).rejects.toMatchObject({
      code: 'INFEROMETER_CONFIG',
      message: expect.stringContaining('its meter runs already, at 127.0.0.1:11435'),
    });
    await meter.stop();
  });

  test('that does not answer is ended all the same', async () => {
    const { meter } = meterThatRuns(stub);
    const { pid } = await meter.start();
    process.kill(pid, 'SIGSTOP');
    await meter.stop();
    process.kill(pid, 'SIGCONT');
    await vi.waitUntil(() => isGone(pid), { timeout: 5000 });
  });

  test('that ended is started again, once the first start is a while ago', { timeout: 20_000 }, async () => {
    const { meter, recorded } = meterThatRuns(stub);
    const { pid } = await meter.start();
    process.kill(pid, 'SIGKILL');
    await vi.waitUntil(() => isGone(pid), { timeout: 5000 });
    expect(await meter.status()).toBeUndefined();
    const again = await vi.waitUntil(() => meter.status(), { timeout: 10_000, interval: 100 });
    expect(again?.pid).not.toBe(pid);
    expect(recorded.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('starting it again') }]);
    await meter.stop();
    await vi.waitUntil(() => isGone(again?.pid ?? 0), { timeout: 5000 });
  });

  test.each([
    [2, 'INFEROMETER_CONFIG'],
    [1, 'INFEROMETER_CHILD'],
  ])('that ends at once with exit code %i fails the start as %s, with its last words', async (exitCode, code) => {
    const { meter } = meterThatRuns(`console.error('address in use'); process.exit(${exitCode})`);
    await expect(meter.start()).rejects.toMatchObject({ code, problems: [expect.any(String), '  address in use'] });
  });
});

describe('the socket of a meter', () => {
  test('is the same for the same parts and another for others', () => {
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const path = meterSocketPath('/run/7', 'node7', 'node7:11434');
    expect(meterSocketPath('/run/7', 'node7', 'node7:11434')).toBe(path);
    expect(meterSocketPath('/run/7', 'node7', 'node7:11435')).not.toBe(path);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  test('is not put into a folder that others can enter', () => {
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const open = dirname(meterSocketPath('a'));
    expect(() => {
      rmSync(open, { recursive: true });
      writeFileSync(open, '');
      meterSocketPath('a');
    }).toThrow(expect.objectContaining({ code: 'INFEROMETER_RUN_DIR' }));
  });
});
