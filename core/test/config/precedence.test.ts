import { expect, test } from 'vitest';
import { configFile, problemsOf, resolve } from './table.ts';

test('options that nobody gave have their default, are undefined, false or an empty list', () => {
  expect(resolve([]).values).toEqual({
    run: undefined,
    engine: undefined,
    'run-dir': undefined,
    listen: undefined,
    ollama: [],
    pushgateway: undefined,
    'push-interval': 5000,
    'sample-interval': 1000,
    quiet: false,
    config: undefined,
  });
});

const config = configFile('push-interval: 2\n');

test.each([
  ['a flag', ['--push-interval', '4s', '--config', config], { INFEROMETER_PUSH_INTERVAL: '3s' }, 4000],
  ['a variable', ['--config', config], { INFEROMETER_PUSH_INTERVAL: '3s' }, 3000],
  ['the configuration file', ['--config', config], {}, 2000],
  ['the default', [], {}, 5000],
])('%s counts where nothing before it is given', (_, argv, env, ms) => {
  expect(resolve(argv, env).values['push-interval']).toBe(ms);
});

test('a variable may name the configuration file, a flag another one', () => {
  const other = configFile('push-interval: 7\n');
  const env = { INFEROMETER_CONFIG: config };
  expect(resolve([], env).values['push-interval']).toBe(2000);
  expect(resolve(['--config', other], env).values['push-interval']).toBe(7000);
});

test('a list is taken whole from the first source that has it', () => {
  const file = configFile('ollama: [http://c:1]\n');
  const env = { INFEROMETER_OLLAMA: 'http://a:1, http://b:2' };
  expect(resolve(['--config', file], env).values.ollama.map(({ host }) => host)).toEqual(['a:1', 'b:2']);
});

test('an empty variable is none', () => {
  expect(resolve([], { INFEROMETER_PUSH_INTERVAL: ' ' }).values['push-interval']).toBe(5000);
});

test('every problem of every source is told at once, each with where it is', () => {
  const file = configFile('pushgateway: nowhere\nspeed: 9\n');
  const problems = problemsOf(['--config', file, '--listen', 'x', '--sped', 'y'], {
    INFEROMETER_SAMPLE_INTERVAL: 'often',
  });
  expect(problems).toEqual([
    'unknown option --sped',
    '"y": not expected here',
    `${file}: unknown key "speed"`,
    '--listen: "x" is not HOST:PORT such as 127.0.0.1:6000',
    `${file}: pushgateway: "nowhere" is not a URL without user or password, such as http://127.0.0.1:11434`,
    expect.stringMatching(/^INFEROMETER_SAMPLE_INTERVAL: "often" is not a duration/),
  ]);
});
