import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { shapeOf } from './shared/exposition-shape.ts';
import type { RunningFake } from './shared/serve.ts';
import { startVllm, type VllmOptions } from './vllm-server.ts';

type Json = Record<string, unknown>;

const running: RunningFake[] = [];
const chat = { model: 'tiny-llama', messages: [{ role: 'user', content: 'what is the night' }], max_tokens: 12 };

afterEach(async () => {
  await Promise.all(running.splice(0).map((fake) => fake.close()));
});

async function start(options: VllmOptions = {}) {
  const fake = await startVllm({ firstTokenMs: 2, tokenMs: 1, ...options });
  running.push(fake);
  const post = (path: string, body: Json | string) => {
    return fetch(fake.url + path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
  };
  const metrics = async () => (await fetch(`${fake.url}/metrics`)).text();
  /** The value of the first series whose text starts so; undefined when there is none. */
  const value = async (series: string) => {
    const line = (await metrics()).split('\n').find((text) => text.startsWith(series));
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
  };
  return { url: fake.url, post, metrics, value };
}

/** Opens a streamed request and waits for its first bytes. */
async function openStream(url: string, body: Json) {
  const client = request(`${url}/v1/completions`, { method: 'POST' });
  client.on('error', () => {}).end(JSON.stringify({ model: 'tiny-llama', prompt: 'x', stream: true, ...body }));
  const [response] = (await once(client, 'response')) as [NodeJS.ReadableStream];
  response.on('error', () => {});
  return { client, response };
}

describe('answers', () => {
  test('a streamed chat: role chunk, a chunk for each token, usage when asked for, [DONE]', async () => {
    const { post } = await start();
    const body = { ...chat, max_tokens: 2, stream: true, stream_options: { include_usage: true } };
    const response = await post('/v1/chat/completions', body);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('x-simulated')).toBe('inferometer');
    const events = (await response.text())
      .trimEnd()
      .split('\n\n')
      .map((event) => event.replace('data: ', ''));
    expect(events.pop()).toBe('[DONE]');
    expect(events.map((event) => JSON.parse(event) as Json)).toMatchObject([
      {
        object: 'chat.completion.chunk',
        choices: [{ delta: { role: 'assistant', content: '' }, finish_reason: null }],
      },
      { choices: [{ delta: { content: 'the' }, finish_reason: null }] },
      { choices: [{ delta: { content: ' sky' }, finish_reason: 'length' }] },
      { choices: [], usage: { prompt_tokens: 4, total_tokens: 6, completion_tokens: 2 } },
    ]);
  });

  test('a stream that asks for no usage has none', async () => {
    const { post } = await start();
    const body = { model: 'tiny-llama', prompt: 'x', max_tokens: 2, stream: true };
    expect(await (await post('/v1/completions', body)).text()).not.toContain('usage');
  });

  test('a completion in one piece, which ends by itself without max_tokens', async () => {
    const { post } = await start({ tokens: 3 });
    expect(await (await post('/v1/completions', { model: 'tiny-llama', prompt: 'a b' })).json()).toMatchObject({
      object: 'text_completion',
      choices: [{ index: 0, text: 'the sky over', finish_reason: 'stop' }],
      usage: { prompt_tokens: 2, total_tokens: 5, completion_tokens: 3 },
    });
  });

  test('an unknown model is 404 in the shape of OpenAI, and counted by the HTTP metrics alone', async () => {
    const { post, value, metrics } = await start();
    const response = await post('/v1/chat/completions', { ...chat, model: 'tiny-llama-missing' });
    const message = 'The model `tiny-llama-missing` does not exist.';
    const error = { message, type: 'NotFoundError', param: 'model', code: 404 };
    expect([response.status, await response.json()]).toEqual([404, { error }]);
    expect(await value('http_requests_total{handler="/v1/chat/completions",method="POST",status="4xx"}')).toBe(1);
    expect(await value('vllm:prompt_tokens_total')).toBe(0);
    expect(await metrics()).not.toContain('missing');
  });

  test.each([
    ['FAIL500', 500],
    ['FAILBUSY', 503],
  ])('%s is answered with status %i before the first token', async (word, status) => {
    const { post, value } = await start();
    expect((await post('/v1/completions', { model: 'tiny-llama', prompt: word })).status).toBe(status);
    expect(await value('http_requests_total{handler="/v1/completions",method="POST",status="5xx"}')).toBe(1);
  });

  test('more tokens than the model takes are 400', async () => {
    const { post } = await start({ maxModelLen: 256 });
    expect((await post('/v1/completions', { model: 'tiny-llama', prompt: 'x', max_tokens: 4000 })).status).toBe(400);
    expect((await post('/v1/completions', '{"model":')).status).toBe(400);
  });

  test('FAILSTREAM, TRUNCATE and DROP fail after half of the tokens, with status 200', async () => {
    const { post, value } = await start();
    const body = { model: 'tiny-llama', max_tokens: 4, stream: true };
    const failed = await (await post('/v1/completions', { ...body, prompt: 'FAILSTREAM' })).text();
    expect(failed.match(/"error"|"text"|\[DONE\]/g)).toEqual(['"text"', '"text"', '"error"', '[DONE]']);
    const truncated = await (await post('/v1/completions', { ...body, prompt: 'TRUNCATE' })).text();
    expect(truncated.match(/"error"|"text"|\[DONE\]/g)).toEqual(['"text"', '"text"']);
    await expect((await post('/v1/completions', { ...body, prompt: 'DROP' })).text()).rejects.toThrow('terminated');
    expect(await value('vllm:request_success_total{engine="0",finished_reason="error"')).toBe(1);
    expect(await value('http_requests_total{handler="/v1/completions",method="POST",status="2xx"}')).toBe(3);
  });

  test('models, version and health', async () => {
    const { url } = await start({ models: ['a', 'b'] });
    const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: Json[] };
    expect(data.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(await (await fetch(`${url}/version`)).json()).toEqual({ version: '0.24.0' });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/nope`)).status).toBe(404);
  });
});

describe('metrics', () => {
  test('have the shape of those of vLLM 0.24.0 after the same requests', async () => {
    const { url, post, metrics } = await start({ maxModelLen: 256 });
    await fetch(`${url}/version`);
    await (await fetch(`${url}/v1/models`)).text();
    await (
      await post('/v1/chat/completions', { ...chat, stream: true, stream_options: { include_usage: true } })
    ).text();
    await (await post('/v1/completions', { model: 'tiny-llama', prompt: 'the sky is blue', max_tokens: 20 })).text();
    await (await post('/v1/chat/completions', { ...chat, model: 'no-such-model' })).text();
    const real = await readFile(join(import.meta.dirname, 'fixtures/vllm-0.24.0-metrics.shape.txt'), 'utf8');
    await expect.poll(async () => shapeOf(await metrics())).toBe(real);
  });

  test('come with the content type of the Python client', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=1.0.0; charset=utf-8');
  });

  test('count what was served', async () => {
    const { post, value } = await start();
    await (await post('/v1/completions', { model: 'tiny-llama', prompt: 'one two three', max_tokens: 5 })).text();
    await (await post('/v1/completions', { model: 'tiny-llama', prompt: 'one', max_tokens: 1 })).text();
    const series = '{engine="0",model_name="tiny-llama"}';
    expect(await value(`vllm:prompt_tokens_total${series}`)).toBe(4);
    expect(await value(`vllm:generation_tokens_total${series}`)).toBe(6);
    expect(await value('vllm:request_success_total{engine="0",finished_reason="length"')).toBe(2);
    expect(await value(`vllm:time_to_first_token_seconds_count${series}`)).toBe(2);
    expect(await value(`vllm:inter_token_latency_seconds_count${series}`)).toBe(4);
    expect(await value(`vllm:request_time_per_output_token_seconds_count${series}`)).toBe(2);
    expect(await value(`vllm:iteration_tokens_total_sum${series}`)).toBe(10);
    expect(await value('vllm:request_generation_tokens_bucket{engine="0",le="1.0"')).toBe(1);
    expect(await value('vllm:request_generation_tokens_bucket{engine="0",le="5.0"')).toBe(2);
    expect(await value('vllm:request_generation_tokens_bucket{engine="0",le="+Inf"')).toBe(2);
  });

  test('the phases of a request add up: queue + prefill + decode = queue + inference <= end to end', async () => {
    const { post, value } = await start();
    await (await post('/v1/completions', { model: 'tiny-llama', prompt: 'x', max_tokens: 5 })).text();
    const sum = async (name: string) => (await value(`vllm:${name}_seconds_sum`)) ?? NaN;
    const inference = await sum('request_inference_time');
    expect((await sum('request_prefill_time')) + (await sum('request_decode_time'))).toBeCloseTo(inference, 9);
    expect(await sum('inter_token_latency')).toBeCloseTo(await sum('request_decode_time'), 9);
    expect(await sum('e2e_request_latency')).toBeGreaterThanOrEqual((await sum('request_queue_time')) + inference);
  });

  test('show what runs and what waits for a place', async () => {
    const { url, value } = await start({ maxSequences: 1, tokenMs: 5 });
    const first = await openStream(url, { max_tokens: 1000 });
    const second = await openStream(url, { max_tokens: 1000 });
    expect(await value('vllm:num_requests_running')).toBe(1);
    expect(await value('vllm:num_requests_waiting{')).toBe(1);
    expect(
      await value('vllm:num_requests_waiting_by_reason{engine="0",model_name="tiny-llama",reason="capacity"}'),
    ).toBe(1);
    expect(await value('vllm:kv_cache_usage_perc')).toBeGreaterThan(0);
    first.client.destroy();
    await once(second.response, 'data');
    expect(await value('vllm:num_requests_waiting{')).toBe(0);
    second.client.destroy();
  });

  test.each([
    [true, 1],
    [false, 0],
  ])(
    'a client that leaves stops its request; countAborts %s: finished_reason="abort" is %i',
    async (countAborts, count) => {
      const { url, value } = await start({ countAborts });
      const { client, response } = await openStream(url, { max_tokens: 4000 });
      await once(response, 'data');
      client.destroy();
      await expect.poll(() => value('vllm:num_requests_running'), { interval: 5 }).toBe(0);
      expect(await value('vllm:request_success_total{engine="0",finished_reason="abort"')).toBe(count);
      expect(await value('vllm:generation_tokens_total')).toBeGreaterThan(0);
    },
  );

  test('a prompt seen before hits the prefix cache by whole blocks of 16', async () => {
    const { post, value } = await start();
    const prompt = Array.from({ length: 40 }, (_, index) => `word${index}`).join(' ');
    for (let turn = 0; turn < 2; turn++) {
      await (await post('/v1/completions', { model: 'tiny-llama', prompt, max_tokens: 1 })).text();
    }
    expect(await value('vllm:prefix_cache_queries_total')).toBe(80);
    expect(await value('vllm:prefix_cache_hits_total')).toBe(32);
    expect(await value('vllm:request_prefill_kv_computed_tokens_sum')).toBe(48);
  });
});
