import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOllama, type RunningOllama } from './ollama-server.ts';

type Json = Record<string, unknown>;

// The server keeps to a timetable: what a late load takes is taken from the time to the first token.
const fast = { loadMs: 0, firstTokenMs: 20, tokenMs: 0 };
let ollama: RunningOllama;

beforeAll(async () => {
  ollama = await startOllama({ ...fast, models: ['tiny', 'other:7b'], tokens: 5 });
});
afterAll(() => ollama.close());

function post(path: string, body: Json | string, url = ollama.url): Promise<Response> {
  return fetch(url + path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
}

function lines(text: string): Json[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);
}

async function generate(body: Json): Promise<Json[]> {
  return lines(await (await post('/api/generate', { model: 'tiny', ...body })).text());
}

async function loadedModels(url = ollama.url): Promise<readonly Json[]> {
  return ((await (await fetch(`${url}/api/ps`)).json()) as { models: Json[] }).models;
}

async function chatEvents(body: Json): Promise<readonly string[]> {
  return (await (await post('/v1/chat/completions', body)).text()).split('\n\n');
}

describe('a streamed answer', () => {
  test('is the default: NDJSON in chunks, one object for each token and a last one with done:true', async () => {
    const response = await post('/api/generate', { model: 'tiny', prompt: 'one two three' });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(response.headers.get('transfer-encoding')).toBe('chunked');
    expect(response.headers.get('x-simulated')).toBe('inferometer');
    const objects = lines(await response.text());
    expect(objects.map(({ done }) => done)).toEqual([false, false, false, false, false, true]);
    expect(Object.keys(objects[0] ?? {})).toEqual(['model', 'created_at', 'response', 'done']);
    expect(objects.at(-1)).toMatchObject({ response: '', done_reason: 'stop', prompt_eval_count: 3, eval_count: 5 });
  });

  test('ends with the fields of the real server, durations in nanoseconds that fit into the total', async () => {
    const [last = {}] = (await generate({ prompt: 'one two' })).slice(-1);
    expect(Object.keys(last)).toEqual([
      'model',
      'created_at',
      'response',
      'done',
      'done_reason',
      'context',
      'total_duration',
      'load_duration',
      'prompt_eval_count',
      'prompt_eval_duration',
      'eval_count',
      'eval_duration',
    ]);
    const part = (name: string) => last[`${name}_duration`] as number;
    expect(part('prompt_eval')).toBeGreaterThan(0.5e6);
    expect(part('load') + part('prompt_eval') + part('eval')).toBeCloseTo(part('total'), -7);
  });

  test('is as long as num_predict says, and then ends for its length', async () => {
    const objects = await generate({ prompt: 'x', options: { num_predict: 2 } });
    expect(objects).toHaveLength(3);
    expect(objects.at(-1)).toMatchObject({ done_reason: 'length', eval_count: 2 });
  });

  test('leaves zeros out: an answer of one token has no eval_duration', async () => {
    expect((await generate({ prompt: 'x', options: { num_predict: 1 } })).at(-1)).not.toHaveProperty('eval_duration');
  });

  test('of a chat has messages and no context', async () => {
    const body = {
      model: 'tiny',
      messages: [
        { role: 'system', content: 'a b' },
        { role: 'user', content: 'c' },
      ],
    };
    const objects = lines(await (await post('/api/chat', body)).text());
    expect(objects[0]?.['message']).toEqual({ role: 'assistant', content: 'the' });
    expect(objects.at(-1)).toMatchObject({ message: { role: 'assistant', content: '' }, prompt_eval_count: 3 });
    expect(objects.at(-1)).not.toHaveProperty('context');
  });
});

describe('an answer in one piece', () => {
  test('is JSON with its length and the same last fields', async () => {
    const response = await post('/api/generate', { model: 'tiny', prompt: 'x', stream: false });
    const text = await response.text();
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('content-length')).toBe(String(text.length));
    expect(JSON.parse(text)).toMatchObject({ response: 'the sky over this house', done: true, eval_count: 5 });
  });

  test('loads a model when the prompt is empty, and unloads it with keep_alive 0', async () => {
    const load = await post('/api/generate', { model: 'tiny' });
    expect(load.headers.get('content-length')).not.toBeNull();
    const object = (await load.json()) as Json;
    expect(Object.keys(object)).toEqual(['model', 'created_at', 'response', 'done', 'done_reason']);
    expect(object['done_reason']).toBe('load');
    expect(await generate({ keep_alive: 0 })).toMatchObject([{ done_reason: 'unload' }]);
  });
});

describe('what it says of itself', () => {
  test('GET / and /api/version', async () => {
    expect(await (await fetch(ollama.url)).text()).toBe('Ollama is running');
    expect(await (await fetch(`${ollama.url}/api/version`)).json()).toEqual({ version: '0.13.0' });
  });

  test('/api/tags lists every model, with :latest where no tag was given', async () => {
    const { models } = (await (await fetch(`${ollama.url}/api/tags`)).json()) as { models: Json[] };
    expect(models.map(({ name }) => name)).toEqual(['tiny:latest', 'other:7b']);
  });

  test('/api/ps shows a model once it was used, and no more after its keep_alive', async () => {
    await generate({ model: 'other:7b', prompt: 'x', keep_alive: '1m' });
    const model = (await loadedModels()).find(({ name }) => name === 'other:7b') ?? {};
    expect(Object.keys(model)).toEqual(
      expect.arrayContaining(['size', 'size_vram', 'details', 'context_length', 'expires_at', 'digest']),
    );
    expect(Date.parse(String(model['expires_at'])) - Date.now()).toBeGreaterThan(50_000);
    await generate({ model: 'other:7b', prompt: 'x', keep_alive: 0 });
    expect((await loadedModels()).map(({ name }) => name)).not.toContain('other:7b');
  });

  test('a model that is being loaded is not in /api/ps yet', async () => {
    const slow = await startOllama({ ...fast, loadMs: 60_000 });
    const lost = post('/api/generate', { model: 'tiny', prompt: 'x' }, slow.url).catch(() => 'lost');
    await expect.poll(() => slow.inFlight(), { interval: 2 }).toBe(1);
    expect(await loadedModels(slow.url)).toEqual([]);
    await slow.close();
    expect(await lost).toBe('lost');
  });

  test('only the first request of a model waits for its load, and says so', async () => {
    const slow = await startOllama({ ...fast, loadMs: 40 });
    const load = async () => {
      const body = { model: 'tiny', prompt: 'x', stream: false };
      return ((await (await post('/api/generate', body, slow.url)).json()) as Json)['load_duration'] as number;
    };
    const [cold, warm] = [await load(), await load()];
    await slow.close();
    expect(cold).toBeGreaterThanOrEqual(39e6);
    expect(warm).toBeLessThan(cold / 2);
  });
});

describe('what goes wrong', () => {
  test.each<readonly [string, Json | string, number, string]>([
    ['an unknown model', { model: 'tiny-missing', prompt: 'x' }, 404, "model 'tiny-missing' not found"],
    ['no body', '', 400, 'missing request body'],
    ['half a body', '{"model":', 400, 'unexpected EOF'],
    ['FAIL500', { model: 'tiny', prompt: 'FAIL500 x' }, 500, 'llama runner process has terminated: exit status 2'],
    [
      'FAILBUSY',
      { model: 'tiny', prompt: 'x FAILBUSY' },
      503,
      'server busy, please try again.  maximum pending requests exceeded',
    ],
  ])('%s is answered with JSON {error}', async (_, body, status, error) => {
    const response = await post('/api/generate', body);
    expect([response.status, await response.json()]).toEqual([status, { error }]);
  });

  test('FAILSTREAM: status 200, half of the tokens, then an error line', async () => {
    const response = await post('/api/generate', { model: 'tiny', prompt: 'FAILSTREAM', options: { num_predict: 4 } });
    const objects = lines(await response.text());
    expect(response.status).toBe(200);
    expect(objects.map((object) => Object.keys(object).includes('error'))).toEqual([false, false, true]);
  });

  test('TRUNCATE: a clean end after half of the tokens, never done', async () => {
    const objects = await generate({ prompt: 'TRUNCATE', options: { num_predict: 4 } });
    expect(objects.map(({ done }) => done)).toEqual([false, false]);
  });

  test('DROP: the connection falls after half of the tokens', async () => {
    const response = await post('/api/generate', { model: 'tiny', prompt: 'DROP', options: { num_predict: 4 } });
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('"done":false');
    await expect(async () => {
      while ((await reader?.read())?.done === false);
    }).rejects.toThrow('terminated');
  });

  test('a wrong method and an unknown path', async () => {
    const wrong = await fetch(`${ollama.url}/api/generate`);
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await (await fetch(`${ollama.url}/metrics`)).text()).toBe('404 page not found');
  });

  test('a client that leaves stops the generation', async () => {
    const slow = await startOllama({ ...fast, tokenMs: 20, tokens: 1000 });
    const client = request(`${slow.url}/api/generate`, { method: 'POST' });
    client.on('error', () => {}).end('{"model":"tiny","prompt":"x"}');
    const [response] = (await once(client, 'response')) as [NodeJS.ReadableStream];
    await once(response, 'data');
    expect(slow.inFlight()).toBe(1);
    response.on('error', () => {});
    client.destroy();
    await expect.poll(() => slow.inFlight(), { interval: 2 }).toBe(0);
    expect(slow.generated()).toBeLessThan(100);
    await slow.close();
  });
});

test('several requests run in parallel', async () => {
  const slow = await startOllama({ ...fast, firstTokenMs: 100 });
  const started = performance.now();
  await Promise.all(Array.from({ length: 8 }, () => post('/api/generate', { model: 'tiny', prompt: 'x' }, slow.url)));
  expect(performance.now() - started).toBeLessThan(700);
  await slow.close();
});

describe('the OpenAI paths', () => {
  const chat = { model: 'tiny', messages: [{ role: 'user', content: 'a b' }], max_tokens: 2 };

  test('do not stream by default and give usage without durations', async () => {
    const response = await post('/v1/chat/completions', chat);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: 'the sky' }, finish_reason: 'length' }],
      usage: { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 },
    });
  });

  test('stream events up to [DONE], with usage only when asked for', async () => {
    const plain = await chatEvents({ ...chat, stream: true });
    expect(plain.slice(-2)).toEqual(['data: [DONE]', '']);
    expect(plain.join('')).not.toContain('usage');
    const counted = await chatEvents({ ...chat, stream: true, stream_options: { include_usage: true } });
    expect(counted.at(-3)).toContain('"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":2,"total_tokens":4}');
  });

  test('put zeros of usage on every chunk of a completion that asks for usage', async () => {
    const body = { model: 'tiny', prompt: 'a', max_tokens: 1, stream: true, stream_options: { include_usage: true } };
    const text = await (await post('/v1/completions', body)).text();
    expect(text.match(/"total_tokens":\d+/g)).toEqual(['"total_tokens":0', '"total_tokens":0', '"total_tokens":2']);
  });

  test('wrap errors as OpenAI does', async () => {
    const response = await post('/v1/completions', { model: 'nope', prompt: 'a' });
    const error = { message: "model 'nope' not found", type: 'api_error', param: null, code: null };
    expect([response.status, await response.json()]).toEqual([404, { error }]);
  });
});
