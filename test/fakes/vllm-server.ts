import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultPace, faultIn, half, type Fault, type Pace } from './shared/generation.ts';
import { readBody, send, serve, type RunningFake } from './shared/serve.ts';
import { Answer, errorBody, modelList, type Endpoint, type ErrorBody } from './vllm-answers.ts';
import { complete, sendJson } from './vllm-completion.ts';
import { VllmEngine } from './vllm-engine.ts';
import { VllmMetrics } from './vllm-metrics.ts';

export interface VllmOptions extends Partial<Pace> {
  readonly listen?: string;
  /** Names of the one model; its metrics carry the first. */
  readonly models?: readonly string[];
  /** Of the first request; default 0: the real server loads before it listens. */
  readonly loadMs?: number;
  readonly maxModelLen?: number;
  /** Requests that run at once, the others wait; default 256. */
  readonly maxSequences?: number;
  /** Blocks of 16 tokens in the KV cache; default 2048. */
  readonly blocks?: number;
  /** Whether a client that leaves shows as `finished_reason="abort"`, as it does not in vLLM 0.24; default true. */
  readonly countAborts?: boolean;
}

interface Body {
  readonly model?: string;
  readonly prompt?: unknown;
  readonly messages?: readonly { readonly content?: unknown }[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean } | null;
  readonly max_tokens?: number | null;
  readonly max_completion_tokens?: number | null;
}

const endpoints: Readonly<Record<string, Endpoint>> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'completion',
};
const unmetered = new Set(['/metrics', '/health', '/version']);

/** Starts a simulated vLLM: the OpenAI-compatible API and the metrics of version 0.24. */
export async function startVllm(options: VllmOptions = {}): Promise<RunningFake> {
  const vllm = new Vllm(options);
  const fake = await serve(options.listen ?? '127.0.0.1:0', (request, response) => vllm.handle(request, response));
  return {
    url: fake.url,
    close: () => {
      vllm.engine.close();
      return fake.close();
    },
  };
}

class Vllm {
  readonly engine: VllmEngine;
  readonly #metrics: VllmMetrics;
  readonly #models: readonly string[];
  readonly #maxModelLen: number;
  readonly #pace: Pace;
  readonly #countAborts: boolean;
  readonly #loadMs: number;
  #ready: Promise<void> | undefined;

  constructor(options: VllmOptions) {
    const { models = ['tiny-llama'], maxModelLen = 4096, blocks = 2048, maxSequences = 256 } = options;
    const pace = { ...defaultPace, ...options };
    this.#models = models;
    this.#maxModelLen = maxModelLen;
    this.#pace = pace;
    this.#countAborts = options.countAborts ?? true;
    this.#loadMs = options.loadMs ?? 0;
    this.#metrics = new VllmMetrics(models[0] ?? '', maxModelLen, blocks);
    this.engine = new VllmEngine(pace, maxSequences, this.#metrics);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://vllm').pathname;
    const get = this.#get(path);
    const endpoint = endpoints[path];
    this.#meter(get !== undefined || endpoint ? path : 'none', request, response);
    if (get !== undefined && request.method === 'GET') send(response, 200, get.type, get.body);
    else if (endpoint && request.method === 'POST') await this.#answer(endpoint, await readBody(request), response);
    else if (get === undefined && !endpoint) sendJson(response, 404, { detail: 'Not Found' });
    else sendJson(response, 405, { detail: 'Method Not Allowed' });
  }

  #get(path: string): { readonly type: string; readonly body: string } | undefined {
    const type = 'application/json';
    if (path === '/health') return { type, body: '' };
    if (path === '/version') return { type, body: '{"version":"0.24.0"}' };
    if (path === '/v1/models') return { type, body: JSON.stringify(modelList(this.#models, this.#maxModelLen)) };
    if (path !== '/metrics') return undefined;
    return { type: 'text/plain; version=1.0.0; charset=utf-8', body: this.#metrics.text() };
  }

  #meter(handler: string, request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('server', 'uvicorn');
    if (unmetered.has(handler)) return;
    const started = performance.now();
    response.once('close', () => {
      this.#metrics.http({
        handler,
        method: request.method ?? 'GET',
        status: response.statusCode,
        seconds: (performance.now() - started) / 1000,
        requestBytes: Number(request.headers['content-length'] ?? 0),
        responseBytes: Number(response.getHeader('Content-Length') ?? 0),
      });
    });
  }

  async #answer(endpoint: Endpoint, text: string, response: ServerResponse): Promise<void> {
    const arrived = performance.now();
    const body = parseBody(text);
    if (body === undefined) return sendError(response, errorBody(400, 'Bad Request', 'the body is no JSON'));
    const words = promptOf(endpoint, body).split(/\s+/).filter(Boolean);
    const fault = faultIn(words.join(' '));
    const problem = this.#problem(body, words.length) ?? refusal(fault);
    if (problem) return sendError(response, problem);
    const room = this.#maxModelLen - words.length;
    const limit = limitOf(body);
    const count = limit ?? Math.min(this.#pace.tokens, room);
    this.#ready ??= sleep(this.#loadMs, undefined, { ref: false });
    await this.#ready;
    if (response.destroyed) return;
    const { sequence, reason } = await complete(
      {
        answer: new Answer(endpoint, body.model ?? '', body.stream === true),
        stream: body.stream === true,
        withUsage: body.stream_options?.include_usage === true,
        reason: limit === undefined ? 'stop' : 'length',
        fault,
        size: {
          promptTokens: words.length,
          cachedTokens: this.engine.cached(words),
          count: fault ? half(count) : count,
          maxTokens: limit ?? room,
          arrived,
        },
      },
      this.engine,
      response,
    );
    if (reason !== 'abort' || this.#countAborts) this.#metrics.finished(sequence, reason);
  }

  #problem(body: Body, promptTokens: number): ErrorBody | undefined {
    const { model = '' } = body;
    const limit = limitOf(body) ?? 1;
    const most = this.#maxModelLen;
    if (!this.#models.includes(model)) {
      return errorBody(404, 'NotFoundError', `The model \`${model}\` does not exist.`, 'model');
    }
    if (limit < 1 || limit + promptTokens > most) {
      const message = `max_tokens=${limit} cannot be greater than max_model_len=max_total_tokens=${most}.`;
      return errorBody(400, 'BadRequestError', `${message} (parameter=max_tokens, value=${limit})`, 'max_tokens');
    }
    return undefined;
  }
}

function refusal(fault: Fault | undefined): ErrorBody | undefined {
  if (fault === 'FAIL500') return errorBody(500, 'InternalServerError', 'the engine has failed');
  return fault === 'FAILBUSY' ? errorBody(503, 'ServiceUnavailableError', 'too many queued requests') : undefined;
}

function limitOf({ max_completion_tokens: completion, max_tokens: tokens }: Body): number | undefined {
  return completion ?? tokens ?? undefined;
}

function promptOf(endpoint: Endpoint, { prompt, messages = [] }: Body): string {
  if (endpoint === 'completion') return typeof prompt === 'string' ? prompt : '';
  return messages.map(({ content }) => (typeof content === 'string' ? content : '')).join(' ');
}

function parseBody(text: string): Body | undefined {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return undefined;
  }
}

function sendError(response: ServerResponse, body: ErrorBody): void {
  sendJson(response, body.error.code, body);
}
