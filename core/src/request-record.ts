/** Kinds of inference servers that we know by name. */
export const engines = ['ollama', 'vllm'] as const;
export type Engine = (typeof engines)[number];

/** API routes that are metered; all others are relayed unmetered. */
export const endpoints = [
  'generate',
  'chat',
  'embed',
  'v1_chat',
  'v1_completions',
  'v1_responses',
  'v1_messages',
  'v1_embeddings',
] as const;
export type Endpoint = (typeof endpoints)[number];

/** How a request ended. Every request has exactly one outcome. */
export const outcomes = [
  'ok',
  'client_error',
  'server_error',
  'overloaded',
  'timeout',
  'truncated',
  'aborted',
] as const;
export type Outcome = (typeof outcomes)[number];

/** Why a request failed; `ok` and `aborted` requests have no reason. */
export const reasons = [
  'http_4xx',
  'http_5xx',
  'overloaded',
  'timeout',
  'connect',
  'stream_error',
  'truncated',
] as const;
export type Reason = (typeof reasons)[number];

/**
 * One request, as the meter saw it. What is not known is absent, never 0. It never holds text of a prompt or answer.
 *
 * Times ending in `_monotonic_seconds` are readings of the meter's monotonic clock and compare within one meter's
 * life alone; the wall time joins a request with other sources. Durations count from `start`: the arrival of the
 * last byte of the request (of its head, when the client left before).
 */
export interface RequestRecord {
  readonly version: 1;
  readonly request_id: string;
  readonly engine: Engine;
  /** `host:port` of the engine behind the meter. */
  readonly server: string;
  /** As requested, lower case, without `:latest`. */
  readonly model?: string;
  readonly endpoint: Endpoint;
  readonly streamed: boolean;
  readonly start_unix_seconds: number;
  /** When the client meant to send it, by the header `X-Request-Start`; before `start` where it had to wait. */
  readonly intended_start_unix_seconds?: number;
  readonly start_monotonic_seconds: number;
  readonly duration_seconds: number;
  readonly time_to_first_token_seconds?: number;
  readonly time_to_last_content_seconds?: number;
  readonly prompt_tokens?: number;
  readonly cached_prompt_tokens?: number;
  readonly generated_tokens?: number;
  /** `reported` by the engine, or `counted` by the meter as chunks with content. */
  readonly generated_tokens_from?: (typeof tokenSources)[number];
  /** The engine's own durations. */
  readonly server_total_seconds?: number;
  readonly server_load_seconds?: number;
  /** Total less load, prompt evaluation and evaluation. */
  readonly server_queue_seconds?: number;
  readonly server_prompt_eval_seconds?: number;
  readonly server_eval_seconds?: number;
  /** The engine had another host answer. */
  readonly remote?: boolean;
  readonly outcome: Outcome;
  readonly reason?: Reason;
  /** HTTP status; absent when no response head arrived. */
  readonly status?: number;
  readonly request_bytes: number;
  readonly response_bytes: number;
}

/** The record as one line of JSON, with its line feed. */
export function encodeRecord(record: RequestRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** Reads a line that `encodeRecord` wrote. Anything else, an unknown version among it, is undefined. */
export function decodeRecord(line: string): RequestRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is RequestRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Partial<Record<keyof RequestRecord, unknown>>;
  return (
    record.version === 1 &&
    isOneOf(engines, record.engine) &&
    isOneOf(endpoints, record.endpoint) &&
    isOneOf(outcomes, record.outcome) &&
    (record.reason === undefined || isOneOf(reasons, record.reason)) &&
    (record.generated_tokens_from === undefined || isOneOf(tokenSources, record.generated_tokens_from)) &&
    typeof record.streamed === 'boolean' &&
    (record.model === undefined || typeof record.model === 'string') &&
    texts.every((key) => typeof record[key] === 'string') &&
    numbers.every((key) => Number.isFinite(record[key])) &&
    optionalNumbers.every((key) => record[key] === undefined || Number.isFinite(record[key]))
  );
}

const tokenSources = ['reported', 'counted'] as const;
const texts = ['request_id', 'server'] as const;
const numbers = [
  'start_unix_seconds',
  'start_monotonic_seconds',
  'duration_seconds',
  'request_bytes',
  'response_bytes',
] as const;
const optionalNumbers = [
  'time_to_first_token_seconds',
  'time_to_last_content_seconds',
  'prompt_tokens',
  'cached_prompt_tokens',
  'generated_tokens',
  'server_total_seconds',
  'server_load_seconds',
  'server_queue_seconds',
  'intended_start_unix_seconds',
  'server_prompt_eval_seconds',
  'server_eval_seconds',
  'status',
] as const;

function isOneOf(list: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && list.includes(value);
}

/** The one spelling of a model's name: lower case, without the tag `:latest`. */
export function modelName(requested: string): string {
  return requested.toLowerCase().replace(/:latest$/, '');
}
