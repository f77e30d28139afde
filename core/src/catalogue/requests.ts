import { latencyBuckets, timePerOutputTokenBuckets, timeToFirstTokenBuckets, tokenBuckets } from './buckets.ts';
import type { MetricDefinition } from './definition.ts';

const records = 'request records of the meter, or the engine itself (label `source`)';
const request = ['server', 'model', 'endpoint', 'source'] as const;

/** Metrics that every engine has under its own prefix. */
export const requestMetrics = {
  workload_running: {
    type: 'gauge',
    unit: 'none',
    labels: ['server', 'source'],
    help: '1 while {engine} has a request in flight, and for 5 s after the last one; else 0.',
    source: 'requests in flight at the meter, or the running and waiting requests of the engine',
    since: '0.1.0',
  },
  throughput_rps: {
    type: 'gauge',
    unit: 'requests/s',
    labels: ['server', 'model', 'source'],
    help: 'Requests of {engine} that ended well in the last 30 s, per second.',
    source: records,
    since: '0.1.0',
  },
  request_latency_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: request,
    help: 'Time from the arrival of a whole request to the last byte of its response, requests of {engine} that ended well.',
    source: records,
    since: '0.1.0',
    buckets: latencyBuckets,
  },
  requests_total: {
    type: 'counter',
    unit: 'requests',
    labels: ['server', 'model', 'endpoint', 'outcome', 'source'],
    help: 'Requests of {engine} that ended, by outcome; each has exactly one.',
    source: records,
    since: '0.1.0',
  },
  errors_total: {
    type: 'counter',
    unit: 'requests',
    labels: ['server', 'model', 'endpoint', 'reason', 'source'],
    help: 'Requests of {engine} that failed, by reason; requests that the client gave up are not among them.',
    source: records,
    since: '0.1.0',
  },
  prompt_tokens_total: {
    type: 'counter',
    unit: 'tokens',
    labels: request,
    help: 'Prompt tokens of {engine} as the engine reported them, every request.',
    source: records,
    since: '0.1.0',
  },
  generated_tokens_total: {
    type: 'counter',
    unit: 'tokens',
    labels: request,
    help: 'Generated tokens of {engine}, every request.',
    source: records,
    since: '0.1.0',
  },
} as const satisfies Record<string, MetricDefinition>;

/** Metrics of requests that only a meter can see. */
export const meteredMetrics = {
  time_to_first_token_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: request,
    help: 'Time from the arrival of a whole request to its first content, streamed requests of {engine}.',
    source: 'request records of the meter',
    since: '0.1.0',
    buckets: timeToFirstTokenBuckets,
  },
  time_per_output_token_seconds: {
    type: 'histogram',
    unit: 'seconds',
    labels: request,
    help: 'Time from the first to the last content over the generated tokens less one, streamed requests of {engine} with two or more.',
    source: 'request records of the meter',
    since: '0.1.0',
    buckets: timePerOutputTokenBuckets,
  },
  requests_in_flight: {
    type: 'gauge',
    unit: 'requests',
    labels: ['server', 'endpoint', 'source'],
    help: 'Requests of {engine} that have begun and not ended.',
    source: 'the meter',
    since: '0.1.0',
  },
  token_count_estimated_total: {
    type: 'counter',
    unit: 'tokens',
    labels: request,
    help: 'Generated tokens of {engine} that were counted as chunks because the engine reported no number; part of the generated tokens.',
    source: 'request records of the meter',
    since: '0.1.0',
  },
} as const satisfies Record<string, MetricDefinition>;

/** Generated tokens of a request, as a distribution. */
export const tokensPerRequest = {
  tokens_per_request: {
    type: 'histogram',
    unit: 'tokens',
    labels: request,
    help: 'Generated tokens of a request of {engine}.',
    source: records,
    since: '0.1.0',
    buckets: tokenBuckets,
  },
} as const satisfies Record<string, MetricDefinition>;
