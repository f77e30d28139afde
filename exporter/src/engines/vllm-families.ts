import { family, familyOfSamples, type Reading } from '@inferometer/core/catalogue/readings';
import type { Labels, MetricFamily } from '@inferometer/core/exposition/family';
import { type Endpoint, modelName } from '@inferometer/core/request-record';
import { Activity, TrailingRate } from '../activity.ts';
import { MonotoneCounters } from './monotone.ts';
import type { Grouping, VllmSamples } from './vllm-samples.ts';

const source = 'native';

/**
 * vLLM's own metrics under our names. Requests are those that its engine finished, and those that HTTP answered with
 * 4xx or 5xx, which have an endpoint and no model. A stream that breaks after its 200 is seen by neither.
 */
export class VllmFamilies {
  readonly #server: string;
  readonly #counters = new MonotoneCounters();
  readonly #activity = new Activity();
  readonly #rates = new Map<string, { rate: TrailingRate; total: number }>();

  constructor(server: string) {
    this.#server = server;
  }

  /** Families of one exposition; `now` in monotonic seconds. */
  of(exposition: VllmSamples, now: number): readonly MetricFamily[] {
    const samples = exposition.goingOn(this.#counters);
    const byModel: Grouping = (labels) => this.#labels(labels);
    if (isBusy(samples)) this.#activity.busy(now);
    const running = { labels: { server: this.#server, source }, value: this.#activity.running(now) };
    const hasHttp = samples.named('http_requests').length > 0;
    const failed = samples.grouped(['http_requests'], (labels) => this.#failed(labels));
    const finished = samples.grouped(['vllm:request_success'], (labels) => this.#finished(labels, hasHttp));
    const histogram = (name: string, as: 'vllm_request_latency_seconds' | 'vllm_tokens_per_request') =>
      familyOfSamples(as, samples.histogram(name, as, byModel));
    return [
      family('vllm_workload_running', [running]),
      family('vllm_throughput_rps', this.#throughput(finished, now)),
      histogram('vllm:e2e_request_latency_seconds', 'vllm_request_latency_seconds'),
      family('vllm_requests_total', [...finished, ...failed]),
      family('vllm_errors_total', [...finished, ...failed].flatMap(errorReading)),
      family('vllm_prompt_tokens_total', samples.grouped(['vllm:prompt_tokens'], byModel)),
      family('vllm_generated_tokens_total', samples.grouped(['vllm:generation_tokens'], byModel)),
      histogram('vllm:request_generation_tokens', 'vllm_tokens_per_request'),
      ...this.besideMeter(samples),
    ];
  }

  /** What only the engine knows: no request is in it. */
  besideMeter(samples: VllmSamples): readonly MetricFamily[] {
    return [family('vllm_cache_usage', this.#cacheUsage(samples))];
  }

  #labels({ model_name: model }: Labels): Labels {
    return { server: this.#server, ...(model !== undefined && { model: modelName(model) }), source };
  }

  /**
   * Requests that the engine finished. Newer versions spell the label `finished_reason`, the Rust front end
   * `finish_reason`. One that it finished with an error is among the HTTP 5xx, where those are counted.
   */
  #finished(labels: Labels, hasHttp: boolean): Labels | undefined {
    const reason = labels['finished_reason'] ?? labels['finish_reason'];
    if (reason === 'error' && hasHttp) return undefined;
    const { source: _, ...rest } = this.#labels(labels);
    return { ...rest, outcome: finishedOutcome(reason), source };
  }

  /** Requests that HTTP answered with an error, which it counts without their model. */
  #failed({ handler = '', status = '' }: Labels): Labels | undefined {
    const endpoint = inferenceRoutes.get(handler);
    const outcome = httpOutcomes.get(status);
    return endpoint && outcome ? { server: this.#server, endpoint, outcome, source } : undefined;
  }

  #throughput(finished: readonly Reading[], now: number): readonly Reading[] {
    return finished.flatMap(({ labels = {}, value = 0 }) => {
      const { outcome, ...series } = labels;
      if (outcome !== 'ok') return [];
      const key = JSON.stringify(series);
      const known = this.#rates.get(key) ?? { rate: new TrailingRate(), total: value };
      known.rate.add(now, value - known.total);
      known.total = value;
      this.#rates.set(key, known);
      return [{ labels: series, value: known.rate.perSecond(now) }];
    });
  }

  #cacheUsage(samples: VllmSamples): readonly Reading[] {
    const names = ['vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc'];
    const byRank: Grouping = ({ model_name: model = '', engine = '0' }) => {
      return { server: this.#server, model: modelName(model), rank: engine };
    };
    return samples.grouped(names, byRank, 'max');
  }
}

/** Whether requests run or wait; undefined when the exposition does not say. */
export function isBusy(samples: VllmSamples): boolean | undefined {
  const counts = samples.named('vllm:num_requests_running').concat(samples.named('vllm:num_requests_waiting'));
  return counts.length === 0 ? undefined : counts.some(({ value }) => value > 0);
}

/** The models that an exposition is about. */
export function servedModels(samples: VllmSamples): readonly string[] {
  return samples.named('vllm:num_requests_running').flatMap(({ labels }) => {
    const model = labels['model_name'];
    return model === undefined ? [] : [modelName(model)];
  });
}

/** Where requests come in that vLLM may refuse before its engine sees them, by HTTP route. */
const inferenceRoutes: ReadonlyMap<string, Endpoint> = new Map([
  ['/v1/chat/completions', 'v1_chat'],
  ['/v1/completions', 'v1_completions'],
  ['/v1/responses', 'v1_responses'],
  ['/v1/messages', 'v1_messages'],
  ['/v1/embeddings', 'v1_embeddings'],
]);

/** Status classes of the FastAPI instrumentator that are failures. */
const httpOutcomes: ReadonlyMap<string, string> = new Map([
  ['4xx', 'client_error'],
  ['5xx', 'server_error'],
]);

function finishedOutcome(reason: string | undefined): string {
  if (reason === 'abort') return 'aborted';
  return reason === 'error' ? 'server_error' : 'ok';
}

/** The same request among the errors; an engine error is what a client sees as HTTP 5xx or a broken stream. */
function errorReading({ labels = {}, value }: Reading): readonly Reading[] {
  const { outcome, source: origin = source, ...rest } = labels;
  if (outcome === 'ok' || outcome === 'aborted') return [];
  const reason = outcome === 'client_error' ? 'http_4xx' : 'http_5xx';
  return [{ labels: { ...rest, reason, source: origin }, value }];
}
