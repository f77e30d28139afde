import { cacheConfig, engineFamilies, httpFamilies } from './vllm-families.ts';
import { processText } from './vllm-process.ts';
import { blockSize, type EngineState, type FinishReason, type Sequence } from './vllm-sequence.ts';

const finishReasons: readonly FinishReason[] = ['stop', 'length', 'abort', 'error', 'repetition'];
const sources = ['local_compute', 'local_cache_hit', 'external_kv_transfer'];

/** One HTTP exchange as the instrumentator sees it. Sizes are those of Content-Length headers. */
export interface HttpExchange {
  readonly handler: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** Everything that the simulated server counts, and its text on `GET /metrics`. */
export class VllmMetrics {
  readonly #engine;
  readonly #http = httpFamilies();
  readonly #labels: Readonly<Record<string, string>>;
  readonly #blocks: number;

  constructor(model: string, maxModelLen: number, blocks: number) {
    this.#engine = engineFamilies(maxModelLen);
    this.#labels = { engine: '0', model_name: model };
    this.#blocks = blocks;
    const { waitingByReason, sleepState, promptTokensBySource, success, cacheConfig: config, ...plain } = this.#engine;
    for (const metric of Object.values(plain)) metric.add(this.#labels);
    for (const reason of ['capacity', 'deferred']) waitingByReason.add({ ...this.#labels, reason });
    for (const state of ['awake', 'weights_offloaded', 'discard_all']) {
      sleepState.add({ ...this.#labels, sleep_state: state }, state === 'awake' ? 1 : 0);
    }
    for (const source of sources) promptTokensBySource.add({ ...this.#labels, source });
    for (const reason of finishReasons) success.add({ ...this.#labels, finished_reason: reason });
    config.add(cacheConfig(blockSize, blocks), 1);
    this.#http.highResolution.add({});
  }

  queue({ running, waiting }: EngineState): void {
    this.#engine.running.set(this.#labels, running.length);
    this.#engine.waiting.set(this.#labels, waiting.length);
    this.#engine.waitingByReason.set({ ...this.#labels, reason: 'capacity' }, waiting.length);
    const blocks = running.map(({ promptTokens, generated }) => Math.ceil((promptTokens + generated) / blockSize));
    const used = blocks.reduce((sum, count) => sum + count, 0);
    this.#engine.kvCacheUsage.set(this.#labels, Math.min(1, used / this.#blocks));
  }

  scheduled({ promptTokens, cachedTokens }: Sequence): void {
    this.#engine.prefixQueries.add(this.#labels, promptTokens);
    this.#engine.prefixHits.add(this.#labels, cachedTokens);
  }

  /** A sequence's first token at a time of `performance.now()`. */
  firstToken({ promptTokens, cachedTokens, arrived }: Sequence, now: number): void {
    this.#engine.promptTokens.add(this.#labels, promptTokens);
    this.#engine.promptTokensCached.add(this.#labels, cachedTokens);
    const bySource = this.#engine.promptTokensBySource;
    bySource.add({ ...this.#labels, source: 'local_compute' }, promptTokens - cachedTokens);
    bySource.add({ ...this.#labels, source: 'local_cache_hit' }, cachedTokens);
    this.#engine.ttft.observe(this.#labels, (now - arrived) / 1000);
  }

  nextToken(sinceLastMs: number): void {
    this.#engine.itl.observe(this.#labels, sinceLastMs / 1000);
  }

  /** One step of the engine over all that was running: tokens prefilled and generated. */
  step(prefilled: number, generated: number): void {
    this.#engine.generationTokens.add(this.#labels, generated);
    this.#engine.iterationTokens.observe(this.#labels, prefilled + generated);
  }

  finished(sequence: Sequence, reason: FinishReason): void {
    const { promptTokens, cachedTokens, generated, maxTokens, arrived, scheduled, first, last } = sequence;
    const engine = this.#engine;
    engine.success.add({ ...this.#labels, finished_reason: reason }, 1);
    engine.requestPromptTokens.observe(this.#labels, promptTokens);
    engine.requestGenerationTokens.observe(this.#labels, generated);
    engine.maxGenerationTokens.observe(this.#labels, generated);
    engine.paramsN.observe(this.#labels, 1);
    engine.paramsMaxTokens.observe(this.#labels, maxTokens);
    engine.tpot.observe(this.#labels, generated > 1 ? secondsBetween(first, last) / (generated - 1) : 0);
    engine.e2e.observe(this.#labels, secondsBetween(arrived, performance.now()));
    engine.queue.observe(this.#labels, secondsBetween(arrived, scheduled));
    engine.inference.observe(this.#labels, secondsBetween(scheduled, last));
    engine.prefill.observe(this.#labels, secondsBetween(scheduled, first));
    engine.decode.observe(this.#labels, secondsBetween(first, last));
    engine.prefillComputed.observe(this.#labels, promptTokens - cachedTokens);
  }

  http({ handler, method, status, seconds, requestBytes, responseBytes }: HttpExchange): void {
    this.#http.requests.add({ handler, method, status: `${Math.floor(status / 100)}xx` }, 1);
    this.#http.requestSize.observe({ handler }, requestBytes);
    this.#http.responseSize.observe({ handler }, responseBytes);
    this.#http.highResolution.observe({}, seconds);
    this.#http.duration.observe({ handler, method }, seconds);
  }

  text(): string {
    const metrics = [...Object.values(this.#engine), ...Object.values(this.#http)];
    return processText() + metrics.map((metric) => metric.text()).join('');
  }
}

/** Between two times in milliseconds; 0 where the second never came. */
function secondsBetween(from: number, to: number): number {
  return Math.max(0, to - from) / 1000;
}
