import { resolveOptions } from '@inferometer/core/config/resolve';
import { describe, expect, test } from 'vitest';
import { problemsOf, resolve, table } from './table.ts';

test.each([
  ['behind a blank', ['--run', 'a']],
  ['behind an equals sign', ['--run=a']],
])('a value may stand %s', (_, argv) => {
  expect(resolve(argv).values.run).toBe('a');
});

test('a value that begins with a dash stands behind an equals sign', () => {
  expect(resolve(['--run=-a']).values.run).toBe('-a');
});

test('a repeatable option collects its values in order', () => {
  const { ollama } = resolve(['--ollama', 'http://a:1', '--ollama=http://b:2']).values;
  expect(ollama.map(({ host }) => host)).toEqual(['a:1', 'b:2']);
});

test.each([
  [['--quiet'], true],
  [['--quiet=false'], false],
])('the flag %j is %s', (argv, value) => {
  expect(resolve(argv).values.quiet).toBe(value);
});

test('what stands behind -- is the command, options and all', () => {
  const { command, values } = resolve(['--run', 'a', '--', 'sh', '-c', 'x', '--', '--run', 'b']);
  expect(command).toEqual(['sh', '-c', 'x', '--', '--run', 'b']);
  expect(values.run).toBe('a');
});

test('operands are given where a command wants them', () => {
  const { operands } = resolveOptions(table, { argv: ['x', '--run', 'a', 'y'], env: {}, maxOperands: 2 });
  expect(operands).toEqual(['x', 'y']);
});

describe('is a problem:', () => {
  test.each([
    ['an option that is unknown', ['--speed'], 'unknown option --speed'],
    ['the beginning of an option', ['--push'], 'unknown option --push; did you mean --pushgateway?'],
    ['an option with more behind it', ['--runs=x'], 'unknown option --runs; did you mean --run?'],
    ['a name that all objects have', ['--constructor'], 'unknown option --constructor'],
    ['an option without its value at the end', ['--run'], '--run: needs a value'],
    ['an option without its value before another', ['--run', '--quiet'], '--run: needs a value'],
    ['an empty value', ['--run='], '--run: "" is not a text'],
    ['a single option given twice', ['--run', 'a', '--run', 'b'], '--run: given 2 times'],
    ['an operand that nobody wants', ['x'], '"x": not expected here'],
    ['a text that is none of the choices', ['--engine', 'x'], '--engine: "x" is not one of ollama, vllm'],
    ['a flag that is neither true nor false', ['--quiet=maybe'], '--quiet: "maybe" is not true or false'],
  ])('%s', (_, argv, problem) => {
    expect(problemsOf(argv)).toEqual([problem]);
  });

  test.each(['0s', '5', '-1s', '1000h'])('the duration %s', (text) => {
    expect(problemsOf([`--push-interval=${text}`])).toEqual([
      `--push-interval: "${text}" is not a duration above 0, at most 24h, such as 500ms, 5s or 2m`,
    ]);
  });

  test.each(['ftp://h', 'host:80', 'http://', 'x'])('the URL %s', (text) => {
    expect(problemsOf(['--pushgateway', text])).toEqual([
      `--pushgateway: "${text}" is not a URL without user or password, such as http://127.0.0.1:11434`,
    ]);
  });
});
