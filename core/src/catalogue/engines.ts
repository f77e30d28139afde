import type { MetricDefinition } from './definition.ts';

const ollamaApi = 'Ollama /api/ps and /api/version';
const vllmMetrics = "vLLM's own /metrics";

export const ollamaMetrics = {
  ollama_up: {
    type: 'gauge',
    unit: 'none',
    labels: ['server'],
    help: '1 while the Ollama server answers, 0 when it does not; absent before it was first seen.',
    source: ollamaApi,
    since: '0.1.0',
  },
  ollama_build_info: {
    type: 'gauge',
    unit: 'none',
    labels: ['server', 'version'],
    help: 'Always 1; the version that the Ollama server says it is.',
    source: ollamaApi,
    since: '0.1.0',
  },
  ollama_model_loaded: {
    type: 'gauge',
    unit: 'none',
    labels: ['server', 'model'],
    help: '1 for each model that Ollama holds in memory.',
    source: ollamaApi,
    since: '0.1.0',
  },
  ollama_model_size_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: ['server', 'model'],
    help: 'Memory that a loaded model takes, on the GPUs and off them.',
    source: ollamaApi,
    since: '0.1.0',
  },
  ollama_model_vram_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: ['server', 'model'],
    help: 'Part of a loaded model that is in GPU memory.',
    source: ollamaApi,
    since: '0.1.0',
  },
} as const satisfies Record<string, MetricDefinition>;

export const vllmMetricsOnly = {
  vllm_up: {
    type: 'gauge',
    unit: 'none',
    labels: ['server'],
    help: '1 while the vLLM server answers, 0 when it does not; absent before it was first seen.',
    source: vllmMetrics,
    since: '0.1.0',
  },
  vllm_cache_usage: {
    type: 'gauge',
    unit: 'ratio',
    labels: ['server', 'model', 'rank'],
    help: 'Share of the KV cache that is in use, 0 to 1.',
    source: vllmMetrics,
    since: '0.1.0',
  },
} as const satisfies Record<string, MetricDefinition>;
