import { family } from '@inferometer/core/catalogue/readings';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import { type Engine, outcomes, reasons, type RequestRecord } from '@inferometer/core/request-record';
import type { Counter, Histogram } from 'prom-client';
import { TrailingRate } from '../activity.ts';
import type { Instruments } from './instruments.ts';

const source = 'meter';

/** The request metrics of the metered servers of one engine. */
export class EngineMetrics {
  readonly #engine: Engine;
  readonly #requests: Counter;
  readonly #errors: Counter;
  readonly #promptTokens: Counter;
  readonly #generatedTokens: Counter;
  readonly #estimatedTokens: Counter;
  readonly #latency: Histogram;
  readonly #timeToFirstToken: Histogram;
  readonly #timePerOutputToken: Histogram;
  /** Of vLLM alone, whose dashboard asks for it. */
  readonly #tokensPerRequest: Histogram | undefined;
  readonly #begun = new Set<string>();
  readonly #rates = new Map<string, { labels: Record<string, string>; rate: TrailingRate }>();

  constructor(engine: Engine, instruments: Instruments) {
    this.#engine = engine;
    this.#requests = instruments.counter(`${engine}_requests_total`);
    this.#errors = instruments.counter(`${engine}_errors_total`);
    this.#promptTokens = instruments.counter(`${engine}_prompt_tokens_total`);
    this.#generatedTokens = instruments.counter(`${engine}_generated_tokens_total`);
    this.#estimatedTokens = instruments.counter(`${engine}_token_count_estimated_total`);
    this.#latency = instruments.histogram(`${engine}_request_latency_seconds`);
    this.#timeToFirstToken = instruments.histogram(`${engine}_time_to_first_token_seconds`);
    this.#timePerOutputToken = instruments.histogram(`${engine}_time_per_output_token_seconds`);
    this.#tokensPerRequest = engine === 'vllm' ? instruments.histogram('vllm_tokens_per_request') : undefined;
  }

  /** Series of a request that has begun exist from then on, at 0, so that a rate sees its first increase. */
  begin(server: string, model: string, endpoint: string): void {
    const labels = { server, model, endpoint };
    const key = JSON.stringify([server, model, endpoint]);
    if (this.#begun.has(key)) return;
    this.#begun.add(key);
    for (const outcome of outcomes) this.#requests.inc({ ...labels, outcome, source }, 0);
    for (const reason of reasons) this.#errors.inc({ ...labels, reason, source }, 0);
    for (const tokens of [this.#promptTokens, this.#generatedTokens, this.#estimatedTokens]) {
      tokens.inc({ ...labels, source }, 0);
    }
    const histograms = [this.#latency, this.#timeToFirstToken, this.#timePerOutputToken, this.#tokensPerRequest];
    for (const histogram of histograms) {
      histogram?.zero({ ...labels, source });
    }
    this.#rateOf(server, model);
  }

  /** Takes a finished request in, under this model label. */
  add(record: RequestRecord, model: string): void {
    const { server, endpoint, outcome, reason } = record;
    this.begin(server, model, endpoint);
    this.#requests.inc({ server, model, endpoint, outcome, source });
    if (reason) this.#errors.inc({ server, model, endpoint, reason, source });
    this.#addTokens(record, { server, model, endpoint, source });
    this.#addTimes(record, { server, model, endpoint, source });
    if (outcome === 'ok') this.#rateOf(server, model).add(record.start_unix_seconds + record.duration_seconds, 1);
  }

  /** `now` is wall time in seconds. */
  throughput(now: number): MetricFamily {
    const rates = [...this.#rates.values()].map(({ labels, rate }) => ({ labels, value: rate.perSecond(now) }));
    return family(`${this.#engine}_throughput_rps`, rates);
  }

  #addTokens(record: RequestRecord, labels: Record<string, string>): void {
    const { prompt_tokens: prompt, generated_tokens: generated, generated_tokens_from: from } = record;
    if (prompt !== undefined) this.#promptTokens.inc(labels, prompt);
    if (generated !== undefined) this.#generatedTokens.inc(labels, generated);
    if (generated !== undefined && from === 'counted') this.#estimatedTokens.inc(labels, generated);
    if (generated !== undefined && record.outcome === 'ok') this.#tokensPerRequest?.observe(labels, generated);
  }

  #addTimes(record: RequestRecord, labels: Record<string, string>): void {
    const { time_to_first_token_seconds: first, time_to_last_content_seconds: last, generated_tokens: tokens } = record;
    if (record.outcome === 'ok') this.#latency.observe(labels, record.duration_seconds);
    if (first === undefined) return;
    this.#timeToFirstToken.observe(labels, first);
    if (last !== undefined && tokens !== undefined && tokens >= 2) {
      this.#timePerOutputToken.observe(labels, (last - first) / (tokens - 1));
    }
  }

  #rateOf(server: string, model: string): TrailingRate {
    const key = JSON.stringify([server, model]);
    const known = this.#rates.get(key) ?? { labels: { server, model, source }, rate: new TrailingRate() };
    this.#rates.set(key, known);
    return known.rate;
  }
}
