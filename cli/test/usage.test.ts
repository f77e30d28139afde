import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '@inferometer/cli/commands';
import { version } from '@inferometer/core/version';
import { expect, test } from 'vitest';
import { folder, inferometer, slow } from './program.ts';

test('without a command it names the commands and what each is for', slow, async () => {
  const { exitCode, stdout, stderr } = await inferometer([]);
  expect([exitCode, stderr]).toEqual([0, '']);
  for (const [name, load] of Object.entries(commands)) {
    expect(stdout).toContain(`\n  ${name.padEnd(8)}${(await load()).summary}\n`);
  }
});

test('--version prints the version', slow, async () => {
  expect(await inferometer(['--version'])).toEqual({ exitCode: 0, stdout: version, stderr: '' });
});

test.each(Object.keys(commands))('%s --help names every option, whatever else is wrong', slow, async (name) => {
  const { exitCode, stdout, stderr } = await inferometer([name, '--wrong', '--help']);
  expect([exitCode, stderr]).toEqual([0, '']);
  const named = [...stdout.matchAll(/^  --([a-z-]+)/gm)].map(([, option]) => option);
  const options = Object.keys((await commands[name]?.())?.options ?? {});
  expect(named).toEqual(options);
});

test('--help behind -- belongs to the payload', slow, async () => {
  const { exitCode, stdout } = await inferometer(['agent', '--listen', '127.0.0.1:0', '--', 'printf', '%s', '--help']);
  expect([exitCode, stdout]).toEqual([0, '--help']);
});

test.each(['agnet', 'constructor'])('the unknown command %s is wrong usage', slow, async (name) => {
  expect(await inferometer([name])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `inferometer: no command "${name}"; one of ${Object.keys(commands).join(', ')}`,
  });
});

test('every problem is one line that names its origin', slow, async () => {
  const file = join(folder, 'malformed.yaml');
  writeFileSync(file, 'run: a: b\n  - c\n');
  const { exitCode, stderr } = await inferometer(['agent', '--speed', '--listen', 'x', '--config', file], {
    INFEROMETER_OLLAMA: 'somewhere',
  });
  expect(exitCode).toBe(2);
  expect(stderr.split('\n')).toEqual([
    'inferometer agent: unknown option --speed',
    expect.stringContaining(`inferometer agent: ${file}: cannot be read: `),
    'inferometer agent: --listen: "x" is not HOST:PORT such as 127.0.0.1:6000',
    'inferometer agent: INFEROMETER_OLLAMA: "somewhere" is not a URL without user or password, such as http://127.0.0.1:11434',
    'INFEROMETER_CONFIG: see docs/errors.md; inferometer agent --help tells the options',
  ]);
});

test('meter names all options that it needs', slow, async () => {
  const { exitCode, stderr } = await inferometer(['meter', '--engine', 'ollama']);
  expect(exitCode).toBe(2);
  expect(stderr.split('\n').slice(0, -1)).toEqual([
    'inferometer meter: --listen: needed',
    'inferometer meter: --upstream: needed',
    'inferometer meter: --run-dir: needed',
  ]);
});
