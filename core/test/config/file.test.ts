import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configFile, problemsOf, resolve } from './table.ts';

function fromFile(text: string) {
  return resolve(['--config', configFile(text)]).values;
}

test('other names of an option are read, bare numbers as seconds', () => {
  const text = 'monitor_interval: 1\nprometheus_push_interval: 2.5\npushgateway_url: http://gateway:9091\n';
  const values = fromFile(text);
  expect(values['sample-interval']).toBe(1000);
  expect(values['push-interval']).toBe(2500);
  expect(values.pushgateway?.href).toBe('http://gateway:9091/');
});

test('durations with a unit, numbers as texts, flags and lists are read', () => {
  const values = fromFile('push-interval: 500ms\nrun: 4711\nquiet: true\nollama:\n  - http://a:1\n  - http://b:2\n');
  expect(values).toMatchObject({ 'push-interval': 500, run: '4711', quiet: true });
  expect(values.ollama).toHaveLength(2);
});

test.each(['', '# nothing yet\n', '{}'])('the file %j holds nothing', (text) => {
  expect(fromFile(text)['push-interval']).toBe(5000);
});

test('an empty list is nothing', () => {
  expect(fromFile('ollama: []\npush-interval: []\n')).toMatchObject({ ollama: [], 'push-interval': 5000 });
});

test.each([
  ['an unknown key', 'speed: 9', 'unknown key "speed"'],
  ['a name that all objects have', 'constructor: 9', 'unknown key "constructor"'],
  ['a map where a value belongs', 'run: {a: b}', 'run: not a plain value'],
  ['a key without a value', 'run:', 'run: not a plain value'],
  ['a list for an option that takes one value', 'run: [a, b]', 'run: given 2 times'],
  [
    'one option under two names',
    'push-interval: 1\nprometheus_push_interval: 2',
    'prometheus_push_interval: a second name of --push-interval, which is given too',
  ],
  ['a list instead of keys', '- run', 'not a map of keys to values'],
  ['a text instead of keys', 'run', 'not a map of keys to values'],
])('is a problem: %s', (_, text, problem) => {
  const path = configFile(text);
  const [first = '', ...rest] = problemsOf(['--config', path]);
  expect(first.replace(`${path}: `, '')).toBe(problem);
  expect(rest).toEqual([]);
});

test('YAML that is malformed is one problem of one line', () => {
  const path = configFile('run: a: b\n  - c');
  const problems = problemsOf(['--config', path]);
  expect(problems).toEqual([expect.stringMatching(/^[^\n]*: cannot be read: [^\n]*line 1[^\n]*$/)]);
  expect(problems[0]).toContain(path);
});

test('a file that is not there is a problem', () => {
  const path = join(import.meta.dirname, 'nowhere.yaml');
  expect(problemsOf(['--config', path])).toEqual([expect.stringMatching(`^${path}: cannot be read: ENOENT`)]);
});
