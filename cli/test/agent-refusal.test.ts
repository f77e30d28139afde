import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { boundTo } from '@inferometer/core/address';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folder, inferometer, nowhere, slow } from './program.ts';

let server: Server;
let taken: string;

beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  taken = `127.0.0.1:${boundTo(server.address()).port}`;
});
afterAll(() => void server.close());

test('an address that is asked for and taken ends with 2', slow, async () => {
  const { exitCode, stderr } = await inferometer(['agent', '--listen', taken]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(`inferometer agent: --listen ${taken}: listen EADDRINUSE`);
});

test('an address that others can reach needs a token', slow, async () => {
  const { exitCode, stderr } = await inferometer(['agent', '--listen', '0.0.0.0:0']);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch('--listen 0.0.0.0: reachable by others, so it needs --token-file');
});

test('a token file that others can read ends with 2', slow, async () => {
  const file = join(folder, 'open-token');
  writeFileSync(file, 'secret', { mode: 0o644 });
  const { exitCode, stderr } = await inferometer(['agent', '--listen', '127.0.0.1:0', '--token-file', file]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(`inferometer agent: ${file}: others can read it; run: chmod 600`);
});

test('a meter that pairs with no engine ends with 2', slow, async () => {
  const { exitCode, stderr } = await inferometer(['agent', '--meter-ollama', '127.0.0.1:0']);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch('--meter-ollama: given 1 times, --ollama 0 times');
});

test("a meter's address that is taken ends with 2 and what the meter said", slow, async () => {
  const meter = ['--ollama', nowhere, '--meter-ollama', taken];
  const { exitCode, stderr } = await inferometer(['agent', '--listen', '127.0.0.1:0', ...meter]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(`inferometer meter: --listen ${taken}: listen EADDRINUSE`);
});

test('a run directory that cannot be made ends with 2', slow, async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const { exitCode, stderr } = await inferometer(['agent', '--listen', '127.0.0.1:0', '--run-dir', join(file, 'run')]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/: cannot be made: ENOTDIR/);
});

test('an agent.json that cannot be written ends with 2', slow, async () => {
  mkdirSync(join(folder, 'run/nodes/n/agent.json'), { recursive: true });
  const place = ['--run-dir', join(folder, 'run'), '--node', 'n'];
  const { exitCode, stderr } = await inferometer(['agent', '--listen', '127.0.0.1:0', ...place]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/agent\.json: cannot be written: EISDIR/);
});
