import { stripVTControlCharacters } from 'node:util';
import { createLog, type Log, type LogTarget } from '@inferometer/core/log';
import { expect, test } from 'vitest';

const now = () => new Date('2025-03-04T05:06:07.890Z');

/** What the log writes in `act`, as one text. */
function written(act: (log: Log) => void, isTTY?: boolean): string {
  const parts: string[] = [];
  const target: LogTarget = { write: (text) => parts.push(text), isTTY };
  act(createLog(target, {}, now));
  return parts.join('');
}

test('writes one line of JSON per message, time and level first', () => {
  const text = written((log) => {
    log.warn('a push failed\nbadly', { result: 'timeout', cause: undefined });
    log.info('ended');
  });
  expect(text).toBe(
    '{"time":"2025-03-04T05:06:07.890Z","level":"warn","message":"a push failed\\nbadly","result":"timeout"}\n' +
      '{"time":"2025-03-04T05:06:07.890Z","level":"info","message":"ended"}\n',
  );
});

test('writes text with its fields for a person on a terminal', () => {
  const text = written((log) => log.error('no reading', { target: 'gpu', count: 2, cause: undefined }), true);
  expect(stripVTControlCharacters(text)).toBe('05:06:07 error no reading target=gpu count=2\n');
});

test.each(['debug', 'info', 'warn', 'error'] as const)('%s lines say their level', (level) => {
  expect(JSON.parse(written((log) => log[level]('x')))).toMatchObject({ level, message: 'x' });
});

test('a log made of another keeps its fields; those of the message win', () => {
  const text = written((log) => log.with({ run: '1', node: 'a' }).with({ node: 'b' }).info('x', { run: '2' }));
  expect(JSON.parse(text)).toMatchObject({ run: '2', node: 'b' });
});
