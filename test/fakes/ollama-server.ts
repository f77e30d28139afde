import type { IncomingMessage, ServerResponse } from 'node:http';
import { isZero, OllamaModels } from './ollama-models.ts';
import { generates, readRequest, type OllamaRequest } from './ollama-request.ts';
import type { Figures } from './ollama-wire.ts';
import { countTokens, defaultPace, half, paced, tokenText, type Pace } from './shared/generation.ts';
import { clientGone, drop, readBody, send, serve, write, type RunningFake } from './shared/serve.ts';

export interface OllamaOptions extends Partial<Pace> {
  readonly listen?: string;
  readonly models?: readonly string[];
  /** Of the first request of a model; default 300. */
  readonly loadMs?: number;
  /** The part of a model that lies in GPU memory; default 1. */
  readonly vramRatio?: number;
}

export interface RunningOllama extends RunningFake {
  /** Requests that are being answered. */
  inFlight(): number;
  /** Tokens generated since the start. */
  generated(): number;
}

const jsonType = 'application/json; charset=utf-8';

/** Starts a simulated Ollama, of version 0.13. */
export async function startOllama(options: OllamaOptions = {}): Promise<RunningOllama> {
  const ollama = new Ollama(options);
  const fake = await serve(options.listen ?? '127.0.0.1:0', (request, response) => ollama.handle(request, response));
  return { ...fake, inFlight: () => ollama.inFlight, generated: () => ollama.generated };
}

class Ollama {
  inFlight = 0;
  generated = 0;
  readonly #pace: Pace;
  readonly #models: OllamaModels;

  constructor({ models = ['tiny'], loadMs = 300, vramRatio = 1, ...pace }: OllamaOptions) {
    this.#pace = { ...defaultPace, ...pace };
    this.#models = new OllamaModels(models, loadMs, vramRatio);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET' } = request;
    const path = new URL(request.url ?? '/', 'http://ollama').pathname;
    const page = this.#page(path);
    if (page !== undefined && ['GET', 'HEAD'].includes(method)) {
      if (typeof page === 'string') send(response, 200, 'text/plain; charset=utf-8', page);
      else send(response, 200, jsonType, JSON.stringify(page));
    } else if (generates(path) && method === 'POST') await this.#answer(path, await readBody(request), response);
    else if (page !== undefined || generates(path)) {
      response.setHeader('Allow', page === undefined ? 'POST' : 'GET');
      send(response, 405, 'text/plain', '405 method not allowed');
    } else send(response, 404, 'text/plain', '404 page not found');
  }

  #page(path: string): object | string | undefined {
    if (path === '/') return 'Ollama is running';
    if (path === '/api/version') return { version: '0.13.0' };
    if (path === '/api/tags') return this.#models.tags();
    if (path === '/api/ps') return this.#models.ps();
    return path === '/v1/models' ? this.#models.openAiList() : undefined;
  }

  async #answer(path: string, text: string, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const request = readRequest(path, text);
    if ('problem' in request) return send(response, 400, jsonType, JSON.stringify({ error: request.problem }));
    const { model, fault, wire, keepAlive } = request;
    const fail = (status: number, message: string) => sendWhole(response, status, request, wire.error(message));
    if (!this.#models.has(model)) return fail(404, `model '${model}' not found`);
    if (fault === 'FAIL500') return fail(500, 'llama runner process has terminated: exit status 2');
    if (fault === 'FAILBUSY') return fail(503, 'server busy, please try again.  maximum pending requests exceeded');
    const gone = clientGone(response);
    this.inFlight++;
    try {
      await this.#models.load(model);
      const unprompted = wire.unprompted(isZero(keepAlive) ? 'unload' : 'load');
      if (request.prompt === '') return sendWhole(response, 200, request, unprompted);
      await this.#generate(request, started, response, gone);
    } finally {
      this.inFlight--;
      this.#models.release(model, keepAlive);
    }
  }

  async #generate(request: OllamaRequest, started: number, response: ServerResponse, gone: AbortSignal): Promise<void> {
    const { wire, stream, fault, limit } = request;
    const count = limit ?? this.#pace.tokens;
    const loaded = performance.now();
    const texts: string[] = [];
    let firstToken = loaded;
    for await (const index of paced(fault ? half(count) : count, this.#pace, gone)) {
      if (index === 0) firstToken = performance.now();
      this.generated++;
      texts.push(tokenText(index));
      if (stream) await writeStream(response, request, wire.piece(tokenText(index)));
    }
    if (gone.aborted) return;
    if (fault) return failHalfway(request, response, texts);
    const figures: Figures = {
      reason: limit === undefined ? 'stop' : 'length',
      promptTokens: countTokens(request.prompt),
      tokens: count,
      started,
      loaded,
      firstToken,
      ended: performance.now(),
    };
    if (!stream) return sendWhole(response, 200, request, wire.whole(texts.join(''), figures));
    await writeStream(response, request, wire.end(figures));
    response.end();
  }
}

async function failHalfway(request: OllamaRequest, response: ServerResponse, texts: readonly string[]): Promise<void> {
  const { wire, fault, stream } = request;
  const message = 'an error was encountered while running the model: unexpected EOF';
  if (fault === 'DROP') return drop(response);
  if (!stream && fault === 'FAILSTREAM') return sendWhole(response, 500, request, wire.error(message));
  if (!stream) return sendWhole(response, 200, request, wire.whole(texts.join('')));
  if (fault === 'FAILSTREAM') await writeStream(response, request, wire.streamError(message));
  response.end();
}

/** The head goes out with the first token, as Ollama does. */
async function writeStream(response: ServerResponse, { wire }: OllamaRequest, text: string): Promise<void> {
  if (!response.headersSent) response.writeHead(200, { 'Content-Type': wire.types.stream });
  await write(response, text);
}

function sendWhole(response: ServerResponse, status: number, { wire }: OllamaRequest, body: object): void {
  send(response, status, wire.types.whole, JSON.stringify(body));
}
