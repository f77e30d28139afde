import { array, assert, constantFrom, nat, property, tuple } from 'fast-check';
import type { RequestRecord } from '@inferometer/core/request-record';
import { expect, test } from 'vitest';
import { ConnectionObserver, type ParseError } from '../src/observer.ts';
import { endpointOf, wireOf } from '../src/routes.ts';
import { framingOf } from '../src/taps/framing.ts';
import { WireTap } from '../src/taps/wire-tap.ts';
import { capture, cut } from './support/captures.ts';

/** An observer whose clock stands still, and what it told. */
function observe() {
  const clock = { monotonicSeconds: () => 7, unixSeconds: () => 1_700_000_000 };
  const records: (RequestRecord | undefined)[] = [];
  const problems: ParseError[] = [];
  const counts = { begun: 0, idle: 0 };
  const observer = new ConnectionObserver(
    {
      engine: 'ollama',
      server: 'engine:11434',
      clock,
      createTap: (endpoint, type) => new WireTap(wireOf('ollama', endpoint), framingOf(type)),
    },
    (head) => endpointOf('ollama', head),
    {
      begun: () => (counts.begun += 1),
      ended: (_, record) => records.push(record),
      idle: () => (counts.idle += 1),
      gaveUp: (reason) => problems.push(reason),
    },
  );
  return { observer, records, problems, counts };
}

function question(path: string, body: string, headers = ''): string {
  return `POST ${path} HTTP/1.1\r\nX-Request-ID: a\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** A conversation over one connection: chunked answers, one in a piece, an error, one that is not metered. */
const requests = Buffer.from(
  question('/api/generate', '{"model":"tiny","prompt":"one two three"}') +
    'GET /api/version HTTP/1.1\r\n\r\n' +
    'POST /api/chat HTTP/1.1\r\nX-Request-ID: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"model":\r\n7\r\n"tiny"}\r\n0\r\n\r\n' +
    question('/api/generate', '{"model":"no-such-model"}') +
    question('/api/generate', '{"model":"tiny"}'),
);
const responses = Buffer.concat(
  ['generate-stream-chunked', 'generate-bad-json', 'chat-nostream', 'generate-missing-model', 'generate-load'].map(
    (name) => capture(name).answer,
  ),
);

function places(bytes: Buffer) {
  return array(nat(bytes.length), { maxLength: 40 });
}

test('a conversation on one connection is told apart into its exchanges', () => {
  const { observer, records, counts } = observe();
  observer.fromClient(requests);
  observer.fromServer(responses);
  observer.close();
  expect(counts).toEqual({ begun: 4, idle: 1 });
  expect(records).toMatchObject([
    { endpoint: 'generate', outcome: 'ok', streamed: true, generated_tokens: 4, prompt_tokens: 4 },
    { endpoint: 'chat', outcome: 'ok', streamed: false, generated_tokens: 10, request_bytes: 16 },
    { endpoint: 'generate', outcome: 'client_error', status: 404, model: 'no-such-model' },
    undefined,
  ]);
});

test('the records are the same however the bytes are cut', () => {
  const whole = observe();
  whole.observer.fromClient(requests);
  whole.observer.fromServer(responses);
  assert(
    property(tuple(places(requests), places(responses)), ([asked, answered]) => {
      const pieces = observe();
      for (const piece of cut(requests, asked)) pieces.observer.fromClient(piece);
      for (const piece of cut(responses, answered)) pieces.observer.fromServer(piece);
      expect(pieces.records).toEqual(whole.records);
    }),
  );
});

test('every exchange that begins ends exactly once, whatever bytes come and in whatever order', () => {
  const bits = [
    question('/api/generate', '{"model":"tiny"}'),
    question('/api/generate', '{}', 'Connection: Upgrade\r\nUpgrade: h2c\r\n'),
    'GET / HTTP/1.1\r\n\r\n',
    'HEAD /api/chat HTTP/1.1\r\n\r\n',
    capture('generate-stream-chunked').answer.toString(),
    capture('generate-missing-model').answer.toString(),
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\n\r\n',
    '{"response":"x","done":true}\n',
    '0\r\n\r\n',
    '\u0000\u0001',
  ];
  const step = tuple(constantFrom('fromClient' as const, 'fromServer' as const), constantFrom(...bits));
  assert(
    property(array(step, { maxLength: 12 }), constantFrom(true, false), (steps, clientLeaves) => {
      const { observer, records, counts } = observe();
      for (const [side, bytes] of steps) observer[side](Buffer.from(bytes, 'latin1'));
      if (clientLeaves) observer.clientLeft();
      observer.close();
      expect(records).toHaveLength(counts.begun);
    }),
    { numRuns: 500 },
  );
});

test('the answer to HEAD has no body whatever its length says', () => {
  const { observer, records, problems } = observe();
  observer.fromClient(Buffer.from(`HEAD / HTTP/1.1\r\n\r\n${question('/api/generate', '{}')}`));
  observer.fromServer(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n'));
  observer.fromServer(capture('generate-nostream').answer);
  expect(problems).toEqual([]);
  expect(records).toMatchObject([{ outcome: 'ok', model: 'tiny' }]);
});

test('an interim answer is not the answer', () => {
  const { observer, records } = observe();
  observer.fromClient(Buffer.from(question('/api/generate', '{}')));
  observer.fromServer(Buffer.from('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'));
  observer.fromServer(capture('generate-nostream').answer);
  expect(records).toMatchObject([{ status: 200, outcome: 'ok' }]);
});

test('a body that cannot be read ends the observation and the record', () => {
  const { observer, records, problems } = observe();
  observer.fromClient(Buffer.from(question('/api/generate', '{}')));
  observer.fromServer(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
  for (let mebibyte = 0; mebibyte < 9; mebibyte += 1) observer.fromServer(Buffer.alloc(2 ** 20, 'x'));
  expect({ records, problems }).toEqual({ records: [undefined], problems: ['body'] });
});

test.each([
  ['of more than 1 MiB', `{"model":"tiny","prompt":"${'x'.repeat(2 ** 20)}"}`],
  ['that is no JSON', 'model=tiny'],
  ['that is a list', '["tiny"]'],
  ['whose model is no text', '{"model":7}'],
  ['whose model is longer than a name', `{"model":"${'x'.repeat(201)}"}`],
])('a request body %s does not say the model; the answer does', (_, body) => {
  const { observer, records } = observe();
  // In pieces as large as a socket's at most.
  const bytes = Buffer.from(question('/api/generate', body));
  for (let at = 0; at < bytes.length; at += 65_536) observer.fromClient(bytes.subarray(at, at + 65_536));
  observer.fromServer(capture('generate-stop').answer);
  expect(records).toMatchObject([{ model: 'tiny-stop', request_bytes: body.length }]);
});

test('a connection is busy from the head of a request to the end of its answer', () => {
  const { observer } = observe();
  const states = [observer.busy];
  observer.fromClient(Buffer.from('POST /any HTTP/1.1\r\nContent-Length: 2\r\n\r\n'));
  states.push(observer.busy);
  observer.fromClient(Buffer.from('{}'));
  observer.fromServer(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n'));
  states.push(observer.busy);
  observer.fromServer(Buffer.from('x'));
  states.push(observer.busy);
  expect(states).toEqual([false, true, true, false]);
});
