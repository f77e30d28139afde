import { outcomes, reasons, type RequestRecord } from '@inferometer/core/request-record';
import { beforeEach, describe, expect, test } from 'vitest';
import { RequestMetrics } from '../src/requests/request-metrics.ts';
import { fixture, linesOf } from './support/golden.ts';
import { record } from './support/records.ts';

let metrics: RequestMetrics;

beforeEach(() => {
  metrics = new RequestMetrics();
});

/** The lines of a metric, without its name and the labels that all have. */
async function lines(name: string, now = 0): Promise<readonly string[]> {
  const all = linesOf(await metrics.families(now), name);
  return all.map((line) => line.replace(name, '').replace(/server="node7:11434",?|,source="meter"/g, ''));
}

const streamed: Partial<RequestRecord> = { streamed: true, generated_tokens_from: 'reported' };

test('a small run', async () => {
  // ok, streamed: time per output token (1.5 - 0.5) / (11 - 1) = 0.1
  metrics.add(
    record({
      ...streamed,
      duration_seconds: 2,
      time_to_first_token_seconds: 0.5,
      time_to_last_content_seconds: 1.5,
      prompt_tokens: 7,
      generated_tokens: 11,
    }),
  );
  // ok, in one piece: a latency, no time to a first token
  metrics.add(record({ duration_seconds: 0.25, prompt_tokens: 3, generated_tokens: 5 }));
  // ok, streamed, one token: no time per output token
  metrics.add(
    record({
      ...streamed,
      duration_seconds: 1,
      time_to_first_token_seconds: 0.25,
      time_to_last_content_seconds: 0.25,
      prompt_tokens: 1,
      generated_tokens: 1,
    }),
  );
  // aborted: no latency; time per output token (2.25 - 0.25) / (5 - 1) = 0.5
  metrics.add(
    record({
      streamed: true,
      outcome: 'aborted',
      duration_seconds: 3,
      time_to_first_token_seconds: 0.25,
      time_to_last_content_seconds: 2.25,
      generated_tokens: 5,
      generated_tokens_from: 'counted',
    }),
  );
  // refused: counted, nothing else
  metrics.add(record({ outcome: 'overloaded', reason: 'overloaded', status: 503 }));
  // Sums. Prompt tokens: 7 + 3 + 1 = 11. Generated: 11 + 5 + 1 + 5 = 22, of which 5 were counted.
  // Latency of 3 requests: 2 + 0.25 + 1 = 3.25. To the first token, 3 requests: 0.5 + 0.25 + 0.25 = 1.
  // Per output token, 2 requests: 0.1 + 0.5 = 0.6. Throughput: 3 ok in 30 s = 0.1.
  await fixture('requests', 'small-run').expect(await metrics.families(1005));
});

describe('a request that has begun', () => {
  test('has each outcome and each reason at 0', async () => {
    metrics.begin('ollama', 'node7:11434', 'm', 'chat');
    expect(await lines('ollama_requests_total')).toEqual(
      outcomes.map((outcome) => `{model="m",endpoint="chat",outcome="${outcome}"} 0`),
    );
    expect(await lines('ollama_errors_total')).toEqual(
      reasons.map((reason) => `{model="m",endpoint="chat",reason="${reason}"} 0`),
    );
  });

  test.each([
    'ollama_prompt_tokens_total',
    'ollama_generated_tokens_total',
    'ollama_token_count_estimated_total',
    'ollama_request_latency_seconds_count',
    'ollama_time_to_first_token_seconds_count',
    'ollama_time_per_output_token_seconds_count',
  ])('has %s at 0', async (name) => {
    metrics.begin('ollama', 'node7:11434', 'm', 'chat');
    expect(await lines(name)).toEqual(['{model="m",endpoint="chat"} 0']);
  });

  test('loses nothing that was counted before', async () => {
    metrics.add(record({ generated_tokens: 4 }));
    metrics.begin('ollama', 'node7:11434', 'm', 'generate');
    expect(await lines('ollama_generated_tokens_total')).toEqual(['{model="m",endpoint="generate"} 4']);
    expect(await lines('ollama_request_latency_seconds_count')).toEqual(['{model="m",endpoint="generate"} 1']);
  });
});

describe('tokens', () => {
  test.each(outcomes)('of a request that ended as %s are counted', async (outcome) => {
    metrics.add(record({ outcome, prompt_tokens: 2, generated_tokens: 3 }));
    expect(await lines('ollama_prompt_tokens_total')).toEqual([expect.stringMatching(/ 2$/)]);
    expect(await lines('ollama_generated_tokens_total')).toEqual([expect.stringMatching(/ 3$/)]);
  });

  test('that were counted as pieces are told apart from those that the engine reported', async () => {
    metrics.add(record({ generated_tokens: 3, generated_tokens_from: 'reported' }));
    metrics.add(record({ generated_tokens: 4, generated_tokens_from: 'counted' }));
    expect(await lines('ollama_token_count_estimated_total')).toEqual([expect.stringMatching(/ 4$/)]);
    expect(await lines('ollama_generated_tokens_total')).toEqual([expect.stringMatching(/ 7$/)]);
  });
});

test('the tokens of a request of vLLM are a distribution, of those that ended well', async () => {
  metrics.add(record({ engine: 'vllm', generated_tokens: 7 }));
  metrics.add(record({ engine: 'vllm', generated_tokens: 9, outcome: 'aborted' }));
  expect(await lines('vllm_tokens_per_request_sum')).toEqual([expect.stringMatching(/ 7$/)]);
  expect(await lines('vllm_tokens_per_request_count')).toEqual([expect.stringMatching(/ 1$/)]);
});

test.each(outcomes.filter((outcome) => outcome !== 'ok'))(
  'a request that ended as %s has no latency',
  async (outcome) => {
    metrics.add(record({ outcome }));
    expect(await lines('ollama_request_latency_seconds_count')).toEqual([expect.stringMatching(/ 0$/)]);
  },
);

describe('the model', () => {
  const models = async () => {
    const all = (await lines('ollama_requests_total')).filter((line) => line.endsWith(' 1'));
    return all.map((line) => /model="([^"]*)"/.exec(line)?.[1]);
  };

  test.each([
    ['that a server does not have', { status: 404, outcome: 'client_error', reason: 'http_4xx' }],
    ['of a request that was never answered', { status: undefined, outcome: 'aborted' }],
    ['that nobody named', { model: undefined }],
  ] as const)('%s is other', async (_, fields) => {
    const { model, status, ...rest } = record();
    const all = { model, status, ...rest, ...fields };
    metrics.add(JSON.parse(JSON.stringify(all)) as RequestRecord);
    expect(await models()).toEqual(['other']);
  });

  test('that a server served keeps its name when a later request of it fails', async () => {
    metrics.add(record());
    metrics.add(record({ status: 500, outcome: 'server_error', reason: 'http_5xx' }));
    expect(await models()).toEqual(['m', 'm']);
  });

  test('is other until it was served: records read again come to the same label', async () => {
    metrics.add(record({ status: 503, outcome: 'overloaded', reason: 'overloaded' }));
    metrics.add(record());
    expect(await models()).toEqual(['other', 'm']);
  });

  test('after the first 50 is other', async () => {
    for (let index = 1; index <= 52; index += 1) metrics.add(record({ model: `m${index}` }));
    metrics.add(record({ model: 'm50', endpoint: 'chat' }));
    const found = linesOf(await metrics.families(0), 'ollama_requests_total').filter((line) =>
      /outcome="ok".* [1-9]$/.test(line),
    );
    expect(found.map((line) => /model="([^"]*)".* (\d)$/.exec(line)?.slice(1).join(' '))).toEqual([
      ...Array.from({ length: 50 }, (_, index) => `m${index + 1} 1`),
      'other 2',
      'm50 1',
    ]);
  });
});

describe('throughput', () => {
  test('is what ended well in the last 30 s, by the wall time of its end', async () => {
    for (const start of [1000, 1010, 1020]) metrics.add(record({ start_unix_seconds: start, duration_seconds: 5 }));
    metrics.add(record({ start_unix_seconds: 1020, outcome: 'aborted' }));
    expect(await lines('ollama_throughput_rps', 1030)).toEqual(['{model="m"} 0.1']);
    expect(await lines('ollama_throughput_rps', 1044)).toEqual([`{model="m"} ${2 / 30}`]);
    expect(await lines('ollama_throughput_rps', 1055)).toEqual(['{model="m"} 0']);
  });
});
