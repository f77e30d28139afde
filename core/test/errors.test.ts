import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, errorCodes, InferometerError, messageOf } from '@inferometer/core/errors';
import { expect, test } from 'vitest';

const page = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');
const sections = page.split(/^## /m).slice(1);

test('docs/errors.md has a section for each code and for nothing else', () => {
  expect(sections.map((section) => section.split('\n')[0])).toEqual(Object.keys(errorCodes));
});

test.each(Object.entries(errorCodes))('docs/errors.md gives exit code, meaning and remedy of %s', (code, error) => {
  const section = sections.find((text) => text.startsWith(`${code}\n`)) ?? '';
  expect(section).toContain(`Exit code ${error.exitCode}. ${error.meaning}`);
  expect(section).toMatch(/^\*\*What to do\.\*\* \S/m);
});

test.each(Object.entries(errorCodes))('%s ends a command with 1 or 2 and is one sentence', (_, error) => {
  expect([1, 2]).toContain(error.exitCode);
  expect(error.meaning).toMatch(/^[A-Z].*\.$/);
});

test('an error holds its problems one by one and as lines of its message', () => {
  const error = new ConfigError(['first', 'second']);
  expect(error).toMatchObject({ problems: ['first', 'second'], message: 'first\nsecond', exitCode: 2 });
});

test('an error of one problem may be given it as a text', () => {
  const cause = new Error('why');
  const error = new InferometerError('INFEROMETER_CHILD', 'it ended', { cause });
  expect(error).toMatchObject({ problems: ['it ended'], code: 'INFEROMETER_CHILD', exitCode: 1, cause });
});

test.each([
  ['an error', new Error('broken'), 'broken'],
  ['an error without a message', new TypeError(), 'TypeError'],
  ['an error whose code is not in its message', Object.assign(new Error('aborted'), { code: 'EX' }), 'EX: aborted'],
  ['an error whose code is in its message', Object.assign(new Error('EX: no'), { code: 'EX' }), 'EX: no'],
  ['a text', 'just so', 'just so'],
  ['nothing', undefined, 'undefined'],
])('the message of %s is %j', (_, thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});
