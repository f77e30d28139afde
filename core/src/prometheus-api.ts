import type { Labels } from './exposition/family.ts';
import { httpExchange } from './http-request.ts';

/** One series of a query's answer: its labels and its points, `[unix seconds, value]`. */
export interface QueryResult {
  readonly labels: Labels;
  readonly points: readonly (readonly [time: number, value: number])[];
}

interface ApiAnswer {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data?: { readonly resultType: string; readonly result: unknown };
}
type Point = readonly [number, string];
type Series = { readonly metric: Labels; readonly value?: Point; readonly values?: readonly Point[] };

/** A client of Prometheus' HTTP API v1. Failed queries reject with Prometheus' own message and the query. */
export class PrometheusApi {
  readonly #base: URL;

  constructor(base: URL) {
    this.#base = base;
  }

  /** Instant query, now unless a time is given (unix seconds). */
  query(expr: string, time?: number): Promise<readonly QueryResult[]> {
    return this.#get('query', { query: expr, ...(time !== undefined && { time: String(time) }) });
  }

  /** Range query; times in unix seconds, step in seconds. */
  queryRange(expr: string, start: number, end: number, step: number): Promise<readonly QueryResult[]> {
    return this.#get('query_range', { query: expr, start: String(start), end: String(end), step: String(step) });
  }

  async #get(path: string, parameters: Record<string, string>): Promise<readonly QueryResult[]> {
    const url = new URL(`api/v1/${path}?${new URLSearchParams(parameters).toString()}`, this.#base);
    const { status, body } = await httpExchange(url, { timeoutMs: 30_000 });
    const answer = JSON.parse(body) as ApiAnswer;
    if (answer.status !== 'success') throw new Error(`${parameters['query']}: ${answer.error ?? `HTTP ${status}`}`);
    return resultOf(answer.data);
  }
}

function resultOf(data: ApiAnswer['data']): readonly QueryResult[] {
  if (data === undefined) return [];
  if (data.resultType === 'scalar') return [{ labels: {}, points: [point(data.result as Point)] }];
  return (data.result as readonly Series[]).map(({ metric, value, values }) => ({
    labels: metric,
    points: (values ?? (value ? [value] : [])).map(point),
  }));
}

function point([time, text]: Point): readonly [number, number] {
  return [time, text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text)];
}
