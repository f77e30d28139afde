import { family } from '@inferometer/core/catalogue/readings';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import { outcomes, reasons, type RequestRecord } from '@inferometer/core/request-record';
import { TrailingRate } from '../activity.ts';
import { Instruments } from './instruments.ts';
import { ModelLabels } from './model-labels.ts';

const source = 'meter';

/** The request metrics of metered Ollama servers, derived from request records alone. */
export class RequestMetrics {
  readonly models = new ModelLabels();
  readonly #instruments = new Instruments();
  readonly #requests = this.#instruments.counter('ollama_requests_total');
  readonly #errors = this.#instruments.counter('ollama_errors_total');
  readonly #promptTokens = this.#instruments.counter('ollama_prompt_tokens_total');
  readonly #generatedTokens = this.#instruments.counter('ollama_generated_tokens_total');
  readonly #estimatedTokens = this.#instruments.counter('ollama_token_count_estimated_total');
  readonly #latency = this.#instruments.histogram('ollama_request_latency_seconds');
  readonly #timeToFirstToken = this.#instruments.histogram('ollama_time_to_first_token_seconds');
  readonly #timePerOutputToken = this.#instruments.histogram('ollama_time_per_output_token_seconds');
  readonly #begun = new Set<string>();
  readonly #rates = new Map<string, { labels: Record<string, string>; rate: TrailingRate }>();

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
    for (const times of [this.#latency, this.#timeToFirstToken, this.#timePerOutputToken]) {
      times.zero({ ...labels, source });
    }
    this.#rateOf(server, model);
  }

  /** Takes a finished request in. */
  add(record: RequestRecord): void {
    if (record.model !== undefined && isServed(record)) this.models.serve(record.model);
    const model = this.models.labelOf(record.model);
    const { server, endpoint, outcome, reason } = record;
    this.begin(server, model, endpoint);
    this.#requests.inc({ server, model, endpoint, outcome, source });
    if (reason) this.#errors.inc({ server, model, endpoint, reason, source });
    this.#addTokens(record, { server, model, endpoint, source });
    this.#addTimes(record, { server, model, endpoint, source });
    if (outcome === 'ok') this.#rateOf(server, model).add(record.start_unix_seconds + record.duration_seconds, 1);
  }

  /** `now` is wall time in seconds: records carry it over a restart of the agent. */
  async families(now: number): Promise<readonly MetricFamily[]> {
    const rates = [...this.#rates.values()].map(({ labels, rate }) => ({ labels, value: rate.perSecond(now) }));
    return [...(await this.#instruments.families()), family('ollama_throughput_rps', rates)];
  }

  #addTokens(record: RequestRecord, labels: Record<string, string>): void {
    const { prompt_tokens: prompt, generated_tokens: generated, generated_tokens_from: from } = record;
    if (prompt !== undefined) this.#promptTokens.inc(labels, prompt);
    if (generated !== undefined) this.#generatedTokens.inc(labels, generated);
    if (generated !== undefined && from === 'counted') this.#estimatedTokens.inc(labels, generated);
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

function isServed({ status }: RequestRecord): boolean {
  return status !== undefined && status < 300;
}
