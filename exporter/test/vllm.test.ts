import { array, assert, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReadError } from '../src/collector.ts';
import { parseVllm, vllmCollector } from '../src/engines/vllm.ts';
import { VllmFamilies } from '../src/engines/vllm-families.ts';
import { answering, type Answers } from './support/answering.ts';
import { fixtures, linesOf } from './support/golden.ts';
import { RecordedLog } from './support/recorded-log.ts';

test.each(fixtures('vllm'))('exposes vLLM $name under our names', async (fixture) => {
  await fixture.expect(new VllmFamilies('node7:8000').of(parseVllm(fixture.read('input.prom')), 1000));
});

/** An exposition of an engine that runs so many requests and has finished so many. */
function exposition(running: number, finished: number): string {
  return [
    `vllm:num_requests_running{model_name="m"} ${running}`,
    '# TYPE vllm:request_success_total counter',
    `vllm:request_success_total{model_name="m",finished_reason="stop"} ${finished}`,
    '',
  ].join('\n');
}

describe('throughput', () => {
  const throughput = (families: VllmFamilies, finished: number, now: number) =>
    linesOf(families.of(parseVllm(exposition(0, finished)), now), 'vllm_throughput_rps')
      .join()
      .split(' ')
      .at(-1);

  test('is the requests of the last 30 s, those before the first reading left out', () => {
    const families = new VllmFamilies('s:1');
    expect(throughput(families, 500, 0)).toBe('0');
    expect(throughput(families, 503, 1)).toBe('0.1');
    expect(throughput(families, 509, 2)).toBe('0.3');
    expect(throughput(families, 509, 31)).toBe('0.2');
    expect(throughput(families, 509, 32)).toBe('0');
  });

  test('counts what an engine finished since it was started anew', () => {
    const families = new VllmFamilies('s:1');
    throughput(families, 500, 0);
    throughput(families, 503, 1);
    expect(throughput(families, 3, 2)).toBe('0.2');
  });

  test('is never negative, whatever the counter does', () => {
    assert(
      property(array(nat(1000)), (totals) => {
        const families = new VllmFamilies('s:1');
        totals.forEach((total, now) => expect(Number(throughput(families, total, now))).toBeGreaterThanOrEqual(0));
      }),
    );
  });
});

test('counters go on where an engine that was started anew begins at 0 again', () => {
  const families = new VllmFamilies('s:1');
  const total = (finished: number) =>
    linesOf(families.of(parseVllm(exposition(0, finished)), 0), 'vllm_requests_total');
  expect([5, 7, 0, 2, 1].map((finished) => total(finished).join().split(' ').at(-1))).toEqual([
    '5',
    '7',
    '7',
    '9',
    '10',
  ]);
});

describe('requests that HTTP answered with an error', () => {
  const http = [
    'http_requests_total{handler="/v1/chat/completions",method="POST",status="5xx"} 3',
    'http_requests_total{handler="/v1/chat/completions",method="POST",status="4xx"} 2',
    'http_requests_total{handler="/metrics",method="GET",status="5xx"} 9',
    'vllm:request_success_total{model_name="m",finished_reason="error"} 3',
    '',
  ].join('\n');
  const lines = (text: string) =>
    linesOf(new VllmFamilies('s:1').of(parseVllm(exposition(0, 1) + text), 0), 'vllm_errors_total').map((line) =>
      line.replace('server="s:1",', '').replace(',source="native"', ''),
    );

  test('are counted by route, once, though the engine finished some of them with an error', () => {
    expect(lines(http)).toEqual([
      'vllm_errors_total{endpoint="v1_chat",reason="http_5xx"} 3',
      'vllm_errors_total{endpoint="v1_chat",reason="http_4xx"} 2',
    ]);
  });

  test('are those that the engine finished with an error, where HTTP counts nothing', () => {
    const [, , , engine = ''] = http.split('\n');
    expect(lines(`${engine}\n`)).toEqual(['vllm_errors_total{model="m",reason="http_5xx"} 3']);
  });
});

test('the workload runs while requests run, and 5 s longer', () => {
  const families = new VllmFamilies('s:1');
  const running = (requests: number, now: number) =>
    linesOf(families.of(parseVllm(exposition(requests, 0)), now), 'vllm_workload_running');
  const states = [
    [0, 0],
    [1, 1],
    [0, 6],
    [0, 7],
  ].map(([requests = 0, now = 0]) => running(requests, now).join().at(-1));
  expect(states.join('')).toBe('0110');
});

describe('a text that is no vLLM exposition', () => {
  test.each([
    ['a page', '<!doctype html>\n<html>', 'line 1: no metric name in "<!doctype html>"'],
    ['nothing', '', 'no vllm:num_requests_running'],
    ['metrics of another program', 'up 1\n', '--disable-log-stats'],
  ])('is refused, and it is said why: %s', (_, text, why) => {
    expect(() => parseVllm(text)).toThrow(why);
  });

  test('is malformed', () => {
    expect(() => parseVllm('<html>')).toThrow(expect.objectContaining({ name: ReadError.name, reason: 'malformed' }));
  });
});

describe('a vLLM server', () => {
  async function collect(answers: Answers) {
    const server = await answering(answers);
    const collector = vllmCollector(
      server.url,
      { cadenceMs: 60_000, isMetered: false, onModels: () => {} },
      new RecordedLog().log,
    );
    collector.start();
    await collector.refresh();
    return { server, collector };
  }
  const up = /^vllm_up\{.*\} (.)$/;
  const isUp = (lines: readonly string[]) => lines.map((line) => up.exec(line)?.[1]);

  test('is up while it answers', async () => {
    const { collector } = await collect({ '/metrics': exposition(0, 0) });
    expect(isUp(linesOf(collector.families(), 'vllm_up'))).toEqual(['1']);
    await collector.close();
  });

  test('is down when it was seen before and answers no more, and its readings are gone', async () => {
    const { server, collector } = await collect({ '/metrics': exposition(0, 0) });
    await server.close();
    await collector.refresh();
    expect(isUp(linesOf(collector.families(), 'vllm_up'))).toEqual(['0']);
    expect(linesOf(collector.families(), 'vllm_workload_running')).toEqual([]);
    await collector.close();
  });

  test.each([
    ['an error', 500, 'no_data'],
    ['a page', '<html>', 'malformed'],
  ])('that was never seen and answers %s is neither up nor down; the failure is counted', async (_, answer, reason) => {
    const { collector } = await collect({ '/metrics': answer });
    expect(linesOf(collector.families(), 'vllm_up')).toEqual([]);
    expect(linesOf(collector.families(), 'inferometer_collector_failures_total')).toEqual([
      expect.stringMatching(`collector="vllm",.*reason="${reason}"`),
    ]);
    await collector.close();
  });
});
