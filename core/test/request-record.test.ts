import {
  decodeRecord,
  encodeRecord,
  endpoints,
  engines,
  modelName,
  outcomes,
  reasons,
  type RequestRecord,
} from '@inferometer/core/request-record';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const seconds = fc.double({ min: 1e-9, max: 1e10, noNaN: true });
const count = fc.nat();

const record: fc.Arbitrary<RequestRecord> = fc.record(
  {
    version: fc.constant(1),
    request_id: fc.string({ unit: 'binary' }),
    engine: fc.constantFrom(...engines),
    server: fc.string({ unit: 'binary' }),
    model: fc.string({ unit: 'binary' }),
    endpoint: fc.constantFrom(...endpoints),
    streamed: fc.boolean(),
    start_unix_seconds: seconds,
    start_monotonic_seconds: seconds,
    duration_seconds: seconds,
    time_to_first_token_seconds: seconds,
    time_to_last_content_seconds: seconds,
    prompt_tokens: count,
    cached_prompt_tokens: count,
    generated_tokens: count,
    generated_tokens_from: fc.constantFrom('reported', 'counted'),
    server_total_seconds: seconds,
    server_load_seconds: seconds,
    server_prompt_eval_seconds: seconds,
    server_eval_seconds: seconds,
    outcome: fc.constantFrom(...outcomes),
    reason: fc.constantFrom(...reasons),
    status: fc.integer({ min: 100, max: 599 }),
    request_bytes: count,
    response_bytes: count,
  },
  {
    noNullPrototype: true,
    requiredKeys: [
      'version',
      'request_id',
      'engine',
      'server',
      'endpoint',
      'streamed',
      'start_unix_seconds',
      'start_monotonic_seconds',
      'duration_seconds',
      'outcome',
      'request_bytes',
      'response_bytes',
    ],
  },
);

const example: RequestRecord = {
  version: 1,
  request_id: 'r1',
  engine: 'ollama',
  server: '127.0.0.1:11434',
  endpoint: 'chat',
  streamed: true,
  start_unix_seconds: 1_700_000_000,
  start_monotonic_seconds: 12.5,
  duration_seconds: 0.25,
  outcome: 'ok',
  request_bytes: 10,
  response_bytes: 20,
};

test('a record survives encoding and decoding', () => {
  fc.assert(
    fc.property(record, (given) => {
      expect(decodeRecord(encodeRecord(given))).toEqual(given);
    }),
  );
});

test('a record is one line', () => {
  fc.assert(
    fc.property(record, (given) => {
      expect(encodeRecord(given)).toMatch(/^[^\n]*\n$/);
    }),
  );
});

test('a torn line is no record, wherever it is torn', () => {
  fc.assert(
    fc.property(record, fc.nat(), (given, at) => {
      const json = encodeRecord(given).trimEnd();
      expect(decodeRecord(json.slice(0, at % json.length))).toBeUndefined();
    }),
  );
});

test('a line of another program never throws and is no record', () => {
  const line = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
  fc.assert(
    fc.property(line, (text) => {
      expect(decodeRecord(text)).toBeUndefined();
    }),
  );
});

describe('a line is no record', () => {
  test.each<[string, Record<string, unknown>]>([
    ['of an unknown version', { version: 2 }],
    ['without an id', { request_id: undefined }],
    ['of an unknown engine', { engine: 'other' }],
    ['of an unknown endpoint', { endpoint: 'tokenize' }],
    ['with an unknown outcome', { outcome: 'fine' }],
    ['with an unknown reason', { reason: 'bad luck' }],
    ['without a duration', { duration_seconds: undefined }],
    ['whose duration is a text', { duration_seconds: '1' }],
    ['whose tokens are no number', { generated_tokens: null }],
    ['whose model is no text', { model: 5 }],
    ['that does not say whether it was streamed', { streamed: 'yes' }],
    ['whose status is a text', { status: '200' }],
    ["whose engine's durations are no numbers", { server_eval_seconds: 'long' }],
    ['whose tokens come from elsewhere', { generated_tokens_from: 'guessed' }],
  ])('%s', (_, change) => {
    expect(decodeRecord(JSON.stringify({ ...example, ...change }))).toBeUndefined();
  });
});

test('keys of later releases are no reason to refuse a record', () => {
  expect(decodeRecord(JSON.stringify({ ...example, later: true }))).toMatchObject(example);
});

test.each([
  ['Llama3:latest', 'llama3'],
  ['llama3.1:8B', 'llama3.1:8b'],
  ['latest', 'latest'],
  ['m:latest:latest', 'm:latest'],
])('the model %s is named %s', (requested, name) => {
  expect(modelName(requested)).toBe(name);
});
