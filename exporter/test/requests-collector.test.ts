import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MeterStatus } from '@inferometer/core/meter-status';
import { encodeRecord } from '@inferometer/core/request-record';
import { expect, onTestFinished, test } from 'vitest';
import { requestsCollector } from '../src/collectors/requests.ts';
import { SupervisedMeter } from '../src/meters/supervised-meter.ts';
import { RequestMetrics } from '../src/requests/request-metrics.ts';
import { linesOf } from './support/golden.ts';
import { RecordedLog } from './support/recorded-log.ts';
import { record } from './support/records.ts';

const status: MeterStatus = {
  version: 1,
  pid: 1,
  engine: 'ollama',
  server: 'node7:11434',
  listen: '127.0.0.1:1',
  inFlight: [],
  parseErrors: { request: 0, response: 0, body: 0 },
  recordsLost: 0,
};

/** A collector before a meter that answers with this status, or not at all. */
async function collect(answer: MeterStatus | undefined, lines: readonly string[] = [], listed: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'inferometer-'));
  const socketPath = join(folder, 'meter.sock');
  const server = createServer((_, response) => response.end(JSON.stringify(answer)));
  if (answer) await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  writeFileSync(join(folder, '1-1.jsonl'), lines.join(''));
  const { log } = new RecordedLog();
  const setup = {
    engine: 'ollama',
    upstream: new URL('http://node7:11434'),
    listen: { host: '127.0.0.1', port: 0 },
    runDir: folder,
    node: 'node7',
    socketPath,
    logPath: join(folder, 'meter.log'),
    program: ['false'],
  } as const;
  const metrics = new RequestMetrics();
  const collector = requestsCollector(
    {
      folder,
      meters: [new SupervisedMeter(setup, log)],
      metrics,
      isListed: (model) => listed.includes(model),
      cadenceMs: 60_000,
    },
    log,
  );
  collector.start();
  await collector.refresh();
  await collector.close();
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  return (name: string) => linesOf(collector.families(), name).map((line) => line.replace('server="node7:11434",', ''));
}

test('requests in flight are added up by endpoint', async () => {
  const lines = await collect({
    ...status,
    inFlight: [
      { endpoint: 'generate', model: 'a', count: 2 },
      { endpoint: 'generate', count: 1 },
      { endpoint: 'chat', model: 'a', count: 4 },
    ],
  });
  expect(lines('ollama_requests_in_flight')).toEqual([
    'ollama_requests_in_flight{endpoint="generate",source="meter"} 3',
    'ollama_requests_in_flight{endpoint="chat",source="meter"} 4',
  ]);
});

test('where nothing is in flight any more it is 0 that are', async () => {
  const lines = await collect(status, [encodeRecord(record({ endpoint: 'chat' }))]);
  expect(lines('ollama_requests_in_flight')).toEqual(['ollama_requests_in_flight{endpoint="chat",source="meter"} 0']);
});

test('series begin with the first request in flight: under its name for a model that the engine holds, else as other', async () => {
  const inFlight = ['known', 'unknown'].map((model) => ({ endpoint: 'chat', model, count: 1 }) as const);
  const lines = await collect({ ...status, inFlight }, [], ['known']);
  const totals = lines('ollama_requests_total');
  expect(new Set(totals.map((line) => /model="(\w+)".* (\d)$/.exec(line)?.slice(1).join(' ')))).toEqual(
    new Set(['known 0', 'other 0']),
  );
});

test('the workload runs while a request is in flight', async () => {
  const lines = await collect({ ...status, inFlight: [{ endpoint: 'chat', count: 1 }] });
  expect(lines('ollama_workload_running').join()).toMatch(/ 1$/);
});

test('the workload runs for a while after a request has ended, and then no more', async () => {
  const ended = (secondsAgo: number) => [
    encodeRecord(record({ start_unix_seconds: Date.now() / 1000 - secondsAgo, duration_seconds: 0 })),
  ];
  expect((await collect(status, ended(1)))('ollama_workload_running').join()).toMatch(/ 1$/);
  expect((await collect(status, ended(60)))('ollama_workload_running').join()).toMatch(/ 0$/);
});

test('a meter that does not answer is down; what is in flight is not known, and the records are read all the same', async () => {
  const lines = await collect(undefined, [encodeRecord(record())]);
  expect(lines('inferometer_meter_up').join()).toMatch(/ 0$/);
  expect(lines('ollama_requests_in_flight')).toEqual([]);
  expect(lines('ollama_workload_running')).toEqual([]);
  expect(lines('ollama_requests_total')).toContainEqual(expect.stringMatching(/outcome="ok".* 1$/));
});

test('lines that are no records, and connections that the meter cannot observe, are told', async () => {
  const lines = await collect({ ...status, parseErrors: { request: 3 } }, ['hello\n']);
  expect(lines('inferometer_collector_unparsed_lines_total').join()).toMatch(/collector="requests".* 1$/);
  expect(lines('inferometer_parse_errors_total')).toEqual(['inferometer_parse_errors_total{reason="request"} 3']);
});
