import { randomUUID } from 'node:crypto';
import { type Endpoint, type Engine, modelName, type RequestRecord } from '@inferometer/core/request-record';
import type { Clock } from './clock.ts';
import type { MessageHead } from './http-stream.ts';
import { type Ending, judge } from './outcome.ts';
import { RequestBody } from './request-body.ts';
import { decoded } from './taps/decoding-tap.ts';
import { framingOf } from './taps/framing.ts';
import type { Tap, TapResult } from './taps/tap.ts';

/** What all exchanges of a meter share. */
export interface ExchangeContext {
  readonly engine: Engine;
  readonly server: string;
  readonly clock: Clock;
  createTap(endpoint: Endpoint, contentType: string): Tap;
}

/** One metered request from its head to its end. */
export class Exchange {
  readonly endpoint: Endpoint;
  readonly #context: ExchangeContext;
  readonly #id: string;
  readonly #body = new RequestBody();
  readonly #intendedStart: number | undefined;
  #startUnix: number;
  #start: number;
  #model: string | undefined;
  #status: number | undefined;
  #streamed = false;
  #tap: Tap | undefined;
  #requestBytes = 0;
  #responseBytes = 0;

  constructor(context: ExchangeContext, endpoint: Endpoint, head: MessageHead) {
    this.#context = context;
    this.endpoint = endpoint;
    this.#id = requestId(head.headers.get('x-request-id'));
    this.#intendedStart = requestStart(head.headers.get('x-request-start'));
    this.#startUnix = context.clock.unixSeconds();
    this.#start = context.clock.monotonicSeconds();
  }

  /** The model as requested, in its one spelling; undefined until the request has said it. */
  get model(): string | undefined {
    return this.#model;
  }

  requestBody(chunk: Buffer): void {
    this.#requestBytes += chunk.length;
    this.#body.push(chunk);
  }

  requestEnd(): void {
    this.#startUnix = this.#context.clock.unixSeconds();
    this.#start = this.#context.clock.monotonicSeconds();
    const model = this.#body.model();
    if (model !== undefined) this.#model = modelName(model);
  }

  /** False when the body cannot be read. */
  responseHead({ status, headers }: MessageHead): boolean {
    this.#status = status;
    const contentType = headers.get('content-type') ?? '';
    this.#streamed = framingOf(contentType) !== 'whole';
    if (status >= 300) return true;
    const encoding = (headers.get('content-encoding') ?? '').trim().toLowerCase();
    this.#tap = decoded(this.#context.createTap(this.endpoint, contentType), encoding);
    return this.#tap !== undefined;
  }

  /** False when the body cannot be read on. */
  responseBody(chunk: Buffer): boolean {
    this.#responseBytes += chunk.length;
    return this.#tap?.push(chunk, this.#context.clock.monotonicSeconds()) ?? true;
  }

  /**
   * The exchange is over: calls `done` with its record, or undefined when it asked for no inference, at once or, for
   * an encoded body, soon after.
   */
  end(ending: Ending, done: (record: RequestRecord | undefined) => void): void {
    const now = this.#context.clock.monotonicSeconds();
    if (!this.#tap) return done(this.#record(ending, now, undefined));
    this.#tap.end(now, (seen) => done(seen.inference ? this.#record(ending, now, seen) : undefined));
  }

  #record(ending: Ending, now: number, seen: TapResult | undefined): RequestRecord {
    const model = this.#model ?? (seen?.model === undefined ? undefined : modelName(seen.model));
    return {
      version: 1,
      request_id: this.#id,
      engine: this.#context.engine,
      server: this.#context.server,
      ...(model !== undefined && { model }),
      endpoint: this.endpoint,
      streamed: this.#streamed,
      start_unix_seconds: this.#startUnix,
      ...(this.#intendedStart !== undefined && { intended_start_unix_seconds: this.#intendedStart }),
      start_monotonic_seconds: this.#start,
      duration_seconds: now - this.#start,
      ...(seen && this.#reading(seen)),
      ...judge(ending, this.#status, seen),
      ...(this.#status !== undefined && { status: this.#status }),
      request_bytes: this.#requestBytes,
      response_bytes: this.#responseBytes,
    };
  }

  #reading(seen: TapResult): Partial<RequestRecord> {
    const since = (time: number | undefined) => (time === undefined ? undefined : time - this.#start);
    const generated = seen.generatedTokens ?? (this.#streamed ? seen.contentChunks : undefined);
    const fields: { [K in keyof RequestRecord]?: RequestRecord[K] | undefined } = {
      time_to_first_token_seconds: this.#streamed ? since(seen.firstContentAt) : undefined,
      time_to_last_content_seconds: this.#streamed ? since(seen.lastContentAt) : undefined,
      prompt_tokens: seen.promptTokens,
      cached_prompt_tokens: seen.cachedPromptTokens,
      generated_tokens: generated,
      generated_tokens_from:
        generated === undefined ? undefined : seen.generatedTokens === undefined ? 'counted' : 'reported',
      server_total_seconds: seen.serverTotalSeconds,
      server_load_seconds: seen.serverLoadSeconds,
      server_queue_seconds: queueSeconds(seen),
      server_prompt_eval_seconds: seen.serverPromptEvalSeconds,
      server_eval_seconds: seen.serverEvalSeconds,
      remote: seen.remote || undefined,
    };
    return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  }
}

/** The client's own id where it is a plain text, else a new one. */
function requestId(given: string | undefined): string {
  return given !== undefined && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID();
}

/**
 * The header `X-Request-Start` as proxies and load generators write it: seconds, milliseconds or microseconds since the
 * epoch, with or without `t=` before it. In seconds; undefined for anything else.
 */
function requestStart(given: string | undefined): number | undefined {
  const match = /^(?:t=)?(\d{10,16}(?:\.\d+)?)$/.exec(given ?? '');
  if (!match?.[1]) return undefined;
  const value = Number(match[1]);
  return [1, 1e3, 1e6].map((unit) => value / unit).find((seconds) => seconds < 1e10);
}

/** What is left of Ollama's total: its runner was busy with others. Unknown where a part is. */
function queueSeconds(seen: TapResult): number | undefined {
  const {
    serverTotalSeconds: total,
    serverLoadSeconds: load,
    serverPromptEvalSeconds: prompt,
    serverEvalSeconds: evaluation,
  } = seen;
  if (total === undefined || load === undefined || prompt === undefined || evaluation === undefined) return undefined;
  return Math.max(0, total - load - prompt - evaluation);
}
