import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, inferometer, slow, startInferometer } from './program.ts';

const agent = ['agent', '--sample-interval', '100ms', '--listen', '127.0.0.1:0', '--'];

test.each([
  ['exits with 7', ['sh', '-c', 'exit 7'], 7],
  ['is ended by TERM', ['sh', '-c', 'kill -TERM $$'], 143],
])('a payload that %s', slow, async (_, command, code) => {
  expect((await inferometer([...agent, ...command])).exitCode).toBe(code);
});

test('a payload that ends well exits with 0; its output is its own, to the byte', slow, async () => {
  const { exitCode, stdout } = await inferometer([...agent, 'printf', '%s\\n\\n%s', 'a  b', '--run']);
  expect([exitCode, stdout]).toEqual([0, 'a  b\n\n--run']);
});

test('a command that is not there ends with 127, as a shell has it', slow, async () => {
  const { exitCode, stderr } = await inferometer([...agent, 'no-such-command']);
  expect(exitCode).toBe(127);
  expect(stderr).toMatch('inferometer agent: no-such-command: command not found');
});

test('a command that cannot be run ends with 126, as a shell has it', slow, async () => {
  const file = join(folder, 'not-a-program');
  writeFileSync(file, 'text');
  chmodSync(file, 0o600);
  expect((await inferometer([...agent, file])).exitCode).toBe(126);
});

test('TERM reaches the payload, whose exit code counts', slow, async () => {
  const child = startInferometer([
    ...agent,
    'sh',
    '-c',
    'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done',
  ]);
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect((await child).exitCode).toBe(9);
});
