import { Metric } from './prometheus-text.ts';

const timeToFirstToken = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
];
const perToken = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];
const request = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];
const perStep = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384];
const highResolution = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 7.5, 10, 30, 60,
];
const mfu = '(for Model Flops Utilization calculations).';
const waitingReasons =
  "Number of waiting requests by reason. Reason labels: 'capacity' = waiting for scheduling capacity; 'deferred' = " +
  'deferred by transient constraints (LoRA budget, KV transfer, blocked status). ' +
  'Sum of all reasons equals vllm:num_requests_waiting.';
const sleepStates =
  'Engine sleep state; awake = 0 means engine is sleeping; awake = 1 means engine is awake; ' +
  'weights_offloaded = 1 means sleep level 1; discard_all = 1 means sleep level 2.';
const external = 'from KV connector cross-instance cache sharing, in terms of number of';
const contentLength = 'Only value of header is respected. Otherwise ignored. No percentile calculated. ';

function counter(name: string, help: string): Metric {
  return new Metric('counter', name, help);
}

function gauge(name: string, help: string): Metric {
  return new Metric('gauge', name, help);
}

function histogram(name: string, help: string, bounds: readonly number[]): Metric {
  return new Metric('histogram', name, `Histogram of ${help}`, bounds);
}

/** The families of the engine as vLLM 0.24 exports them by default: its order, its texts, its bounds. */
export function engineFamilies(maxModelLen: number) {
  const tokens = oneTwoFive(maxModelLen);
  return {
    flops: counter('vllm:estimated_flops_per_gpu', `Estimated number of floating point operations per GPU ${mfu}`),
    readBytes: counter(
      'vllm:estimated_read_bytes_per_gpu',
      `Estimated number of bytes read from memory per GPU ${mfu}`,
    ),
    writeBytes: counter(
      'vllm:estimated_write_bytes_per_gpu',
      `Estimated number of bytes written to memory per GPU ${mfu}`,
    ),
    running: gauge('vllm:num_requests_running', 'Number of requests in model execution batches.'),
    waiting: gauge('vllm:num_requests_waiting', 'Number of requests waiting to be processed.'),
    waitingByReason: gauge('vllm:num_requests_waiting_by_reason', waitingReasons),
    sleepState: gauge('vllm:engine_sleep_state', sleepStates),
    kvCacheUsage: gauge('vllm:kv_cache_usage_perc', 'KV-cache usage. 1 means 100 percent usage.'),
    prefixQueries: counter('vllm:prefix_cache_queries', 'Prefix cache queries, in terms of number of queried tokens.'),
    prefixHits: counter('vllm:prefix_cache_hits', 'Prefix cache hits, in terms of number of cached tokens.'),
    externalQueries: counter(
      'vllm:external_prefix_cache_queries',
      `External prefix cache queries ${external} queried tokens.`,
    ),
    externalHits: counter('vllm:external_prefix_cache_hits', `External prefix cache hits ${external} cached tokens.`),
    mmQueries: counter('vllm:mm_cache_queries', 'Multi-modal cache queries, in terms of number of queried items.'),
    mmHits: counter('vllm:mm_cache_hits', 'Multi-modal cache hits, in terms of number of cached items.'),
    preemptions: counter('vllm:num_preemptions', 'Cumulative number of preemption from the engine.'),
    promptTokens: counter('vllm:prompt_tokens', 'Number of prefill tokens processed.'),
    promptTokensBySource: counter('vllm:prompt_tokens_by_source', 'Number of prompt tokens by source.'),
    promptTokensCached: counter('vllm:prompt_tokens_cached', 'Number of cached prompt tokens (local + external).'),
    generationTokens: counter('vllm:generation_tokens', 'Number of generation tokens processed.'),
    success: counter('vllm:request_success', 'Count of successfully processed requests.'),
    requestPromptTokens: new Metric(
      'histogram',
      'vllm:request_prompt_tokens',
      'Number of prefill tokens processed.',
      tokens,
    ),
    requestGenerationTokens: new Metric(
      'histogram',
      'vllm:request_generation_tokens',
      'Number of generation tokens processed.',
      tokens,
    ),
    iterationTokens: histogram('vllm:iteration_tokens_total', 'number of tokens per engine_step.', perStep),
    maxGenerationTokens: histogram(
      'vllm:request_max_num_generation_tokens',
      'maximum number of requested generation tokens.',
      tokens,
    ),
    paramsN: histogram('vllm:request_params_n', 'the n request parameter.', [1, 2, 5, 10, 20]),
    paramsMaxTokens: histogram('vllm:request_params_max_tokens', 'the max_tokens request parameter.', tokens),
    ttft: histogram('vllm:time_to_first_token_seconds', 'time to first token in seconds.', timeToFirstToken),
    itl: histogram('vllm:inter_token_latency_seconds', 'inter-token latency in seconds.', perToken),
    tpot: histogram(
      'vllm:request_time_per_output_token_seconds',
      'time_per_output_token_seconds per request.',
      perToken,
    ),
    e2e: histogram('vllm:e2e_request_latency_seconds', 'e2e request latency in seconds.', request),
    queue: histogram('vllm:request_queue_time_seconds', 'time spent in WAITING phase for request.', request),
    inference: histogram('vllm:request_inference_time_seconds', 'time spent in RUNNING phase for request.', request),
    prefill: histogram('vllm:request_prefill_time_seconds', 'time spent in PREFILL phase for request.', request),
    decode: histogram('vllm:request_decode_time_seconds', 'time spent in DECODE phase for request.', request),
    prefillComputed: histogram(
      'vllm:request_prefill_kv_computed_tokens',
      'new KV tokens computed during prefill (excluding cached tokens).',
      tokens,
    ),
    cacheConfig: gauge('vllm:cache_config_info', 'Information of the LLMEngine CacheConfig'),
  };
}

/** The families of the FastAPI instrumentator. */
export function httpFamilies() {
  const byHandler = 'Made to be only used if aggregation by handler is important. ';
  const manyBuckets = 'Made for more accurate percentile calculations. ';
  return {
    requests: counter('http_requests', 'Total number of requests by method, status and handler.'),
    requestSize: new Metric(
      'summary',
      'http_request_size_bytes',
      `Content length of incoming requests by handler. ${contentLength}`,
    ),
    responseSize: new Metric(
      'summary',
      'http_response_size_bytes',
      `Content length of outgoing responses by handler. ${contentLength}`,
    ),
    highResolution: new Metric(
      'histogram',
      'http_request_duration_highr_seconds',
      `Latency with many buckets but no API specific labels. ${manyBuckets}`,
      highResolution,
    ),
    duration: new Metric(
      'histogram',
      'http_request_duration_seconds',
      `Latency with only few buckets by handler. ${byHandler}`,
      [0.1, 0.5, 1],
    ),
  };
}

/** The labels of `vllm:cache_config_info`. */
export function cacheConfig(blockSize: number, blocks: number): Readonly<Record<string, string>> {
  return {
    _block_size_resolved: 'True',
    block_size: String(blockSize),
    cache_dtype: 'auto',
    calculate_kv_scales: 'False',
    enable_prefix_caching: 'True',
    engine: '0',
    gpu_memory_utilization: '0.92',
    hash_block_size: 'None',
    is_attention_free: 'False',
    kv_cache_dtype_skip_layers: '[]',
    kv_cache_max_concurrency: '16.0',
    kv_cache_memory_bytes: 'None',
    kv_cache_size_tokens: String(blockSize * blocks),
    kv_offloading_backend: 'native',
    kv_offloading_size: 'None',
    kv_sharing_fast_prefill: 'False',
    mamba_block_size: 'None',
    mamba_cache_dtype: 'auto',
    mamba_cache_mode: 'none',
    mamba_page_size_padded: 'None',
    mamba_ssm_cache_dtype: 'auto',
    num_cpu_blocks: 'None',
    num_gpu_blocks: String(blocks),
    num_gpu_blocks_override: 'None',
    prefix_caching_hash_algo: 'sha256',
    sliding_window: 'None',
    user_specified_block_size: 'False',
    user_specified_mamba_block_size: 'False',
  };
}

/** 1, 2, 5, 10, 20 and so on, up to the limit. */
function oneTwoFive(limit: number): number[] {
  const bounds: number[] = [];
  for (let decade = 1; decade <= limit; decade *= 10) bounds.push(decade, 2 * decade, 5 * decade);
  return bounds.filter((bound) => bound <= limit);
}
