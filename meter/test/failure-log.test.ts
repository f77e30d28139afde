import { createLog } from '@inferometer/core/log';
import type { Reason, RequestRecord } from '@inferometer/core/request-record';
import { expect, test } from 'vitest';
import { FailureLog } from '../src/failure-log.ts';

/** The log of requests that ended at these seconds, failed for these reasons or, without one, did not. */
function logOf(requests: readonly (readonly [number, Reason?])[]): readonly object[] {
  const lines: object[] = [];
  const failures = new FailureLog(createLog({ write: (line) => lines.push(JSON.parse(line) as object) }));
  requests.forEach(([end, reason], index) => {
    const record: RequestRecord = {
      version: 1,
      request_id: `r${index}`,
      engine: 'ollama',
      server: 'engine:11434',
      endpoint: 'chat',
      streamed: false,
      start_unix_seconds: 0,
      start_monotonic_seconds: end - 1,
      duration_seconds: 1,
      outcome: reason ? 'server_error' : 'aborted',
      ...(reason && { reason }),
      request_bytes: 0,
      response_bytes: 0,
    };
    failures.add(record);
  });
  return lines;
}

test('a failed request is named by its id', () => {
  expect(logOf([[100, 'connect']])).toMatchObject([
    { level: 'warn', reason: 'connect', request_id: 'r0', endpoint: 'chat', unlogged_before: 0 },
  ]);
});

test('a request that did not fail is not', () => {
  expect(logOf([[100]])).toEqual([]);
});

test('of each reason one is named in 10 s, with how many were passed over', () => {
  expect(
    logOf([
      [100, 'connect'],
      [101, 'http_5xx'],
      [105, 'connect'],
      [109.9, 'connect'],
      [110, 'connect'],
    ]),
  ).toMatchObject([
    { request_id: 'r0', unlogged_before: 0 },
    { request_id: 'r1', unlogged_before: 0 },
    { request_id: 'r4', unlogged_before: 2 },
  ]);
});
