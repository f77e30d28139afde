import { describe, expect, test } from 'vitest';
import { dealer, kinds, parseMix } from './load-mix.ts';
import { runLoad } from './load-run.ts';
import { startOllama } from './ollama-server.ts';
import { startVllm } from './vllm-server.ts';

const pace = { firstTokenMs: 2, tokenMs: 1, loadMs: 0 };
const everyKind = parseMix(
  Object.keys(kinds)
    .map((kind) => `${kind}=1`)
    .join(','),
);

describe.each([
  ['ollama' as const, 'tiny', startOllama],
  ['vllm' as const, 'tiny-llama', startVllm],
])('against %s', (engine, model, start) => {
  test.each([true, false])('every kind of request ends as it is meant to (stream %s)', async (stream) => {
    const server = await start(pace);
    const load = { url: server.url, engine, model, stream, requests: 32, concurrency: 20, tokens: 50, mix: everyKind };
    const { seconds, ...summary } = await runLoad(load);
    await server.close();
    expect(summary).toEqual({
      requests: 32,
      ok: 4,
      client_error: 4,
      server_error: stream ? 12 : 16,
      aborted: 4,
      truncated: stream ? 8 : 4,
      prompt_tokens: 32,
      generated_tokens: 200,
    });
    expect(seconds).toBeGreaterThan(0);
  });
});

test.each(['/api/generate', '/api/chat', '/v1/completions', '/v1/chat/completions'])(
  'reads the answers of %s of Ollama',
  async (endpoint) => {
    const server = await startOllama(pace);
    const summary = await runLoad({
      url: server.url,
      engine: 'ollama',
      model: 'tiny',
      endpoint,
      requests: 2,
      tokens: 3,
    });
    await server.close();
    expect(summary).toMatchObject({ ok: 2, prompt_tokens: 16, generated_tokens: 6 });
  },
);

test('the rate holds the starts back', async () => {
  const server = await startOllama(pace);
  const load = { url: server.url, engine: 'ollama', model: 'tiny', tokens: 1, concurrency: 4 } as const;
  const { requests, seconds } = await runLoad({ ...load, rate: 50, requests: 11 });
  await server.close();
  expect(requests).toBe(11);
  expect(seconds).toBeGreaterThanOrEqual(0.2);
});

test('without a number it runs until the duration has passed', async () => {
  const server = await startOllama(pace);
  const { requests, ok } = await runLoad({
    url: server.url,
    engine: 'ollama',
    model: 'tiny',
    durationMs: 60,
    tokens: 1,
  });
  await server.close();
  expect(requests).toBeGreaterThan(0);
  expect(ok).toBe(requests);
});

test('a stop gives up what is open and ends the load', async () => {
  const server = await startOllama({ ...pace, firstTokenMs: 60_000 });
  const stop = new AbortController();
  const ending = runLoad({ url: server.url, engine: 'ollama', model: 'tiny', concurrency: 3, stop: stop.signal });
  await expect.poll(() => server.inFlight(), { interval: 2 }).toBe(3);
  stop.abort();
  expect(await ending).toMatchObject({ requests: 3, aborted: 3 });
  await expect.poll(() => server.inFlight(), { interval: 2 }).toBe(0);
  await server.close();
});

test('a server that is not there is a server error', async () => {
  const gone = await startOllama(pace);
  await gone.close();
  const summary = await runLoad({ url: gone.url, engine: 'ollama', model: 'tiny', requests: 1 });
  expect(summary).toMatchObject({ requests: 1, server_error: 1 });
});

test('the mix is dealt out evenly and exactly', () => {
  const deal = dealer(parseMix('ok=0.9,error=0.05,abort=0.05'));
  const kindsDealt = Array.from({ length: 100 }, deal);
  expect(kindsDealt.filter((kind) => kind === 'ok')).toHaveLength(90);
  expect(kindsDealt.filter((kind) => kind === 'error')).toHaveLength(5);
});

test('a mix with an unknown kind is refused by name', () => {
  expect(() => parseMix('ok=1,nonsense=2')).toThrow('--mix: "nonsense=2" is not KIND=SHARE; kinds are ok, abort');
});
