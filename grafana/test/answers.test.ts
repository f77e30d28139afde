import { describe, expect, test } from 'vitest';
import { need } from '../../test/helpers/parts.ts';
import { queriesOf, substitute } from '../src/queries-of.ts';
import { vllm } from '../src/dashboards/vllm.ts';
import { evaluate, type Expectation, type InputSeries } from './promtool.ts';

const promtool = need('prometheus');
const queries = queriesOf(vllm());

const host = 'cluster="c", run="7", instance="n1"';
const request = `${host}, server="n1:8000", model="m", endpoint="chat", source="meter"`;
const gpu = `${host}, uuid="GPU-1", gpu="0"`;

/** Each second eight requests end well and two fail; the node has two cores, one of them busy. */
const load: InputSeries = {
  [`vllm_workload_running{${host}, server="n1:8000", source="meter"}`]: '1x60',
  [`vllm_throughput_rps{${host}, server="n1:8000", model="m", source="meter"}`]: '8x60',
  [`vllm_requests_total{${request}, outcome="ok"}`]: '0+40x60',
  [`vllm_requests_total{${request}, outcome="server_error"}`]: '0+5x60',
  [`vllm_requests_total{${request}, outcome="timeout"}`]: '0+5x60',
  [`vllm_requests_total{${request}, outcome="aborted"}`]: '7x60',
  // Errors that vLLM reports itself name neither a model nor an endpoint.
  [`vllm_errors_total{${host}, server="n1:8000", reason="http_5xx", source="native"}`]: '0+10x60',
  [`vllm_request_latency_seconds_bucket{${request}, le="0.5"}`]: '0+36x60',
  [`vllm_request_latency_seconds_bucket{${request}, le="1.0"}`]: '0+40x60',
  [`vllm_request_latency_seconds_bucket{${request}, le="+Inf"}`]: '0+40x60',
  [`vllm_request_latency_seconds_sum{${request}}`]: '0+16x60',
  [`vllm_request_latency_seconds_count{${request}}`]: '0+40x60',
  [`vllm_tokens_per_request_bucket{${request}, le="100.0"}`]: '0+40x60',
  [`vllm_tokens_per_request_bucket{${request}, le="+Inf"}`]: '0+40x60',
  [`vllm_tokens_per_request_sum{${request}}`]: '0+2400x60',
  [`vllm_tokens_per_request_count{${request}}`]: '0+40x60',
  [`vllm_cache_usage{${host}, server="n1:8000", model="m", rank="0"}`]: '0.5x60',
  [`host_cpu_seconds_total{${host}, mode="user"}`]: '0+5x60',
  [`host_cpu_seconds_total{${host}, mode="idle"}`]: '0+4x60',
  [`host_cpu_seconds_total{${host}, mode="iowait"}`]: '0+1x60',
  [`host_memory_total_bytes{${host}}`]: '1000x60',
  [`host_memory_available_bytes{${host}}`]: '600x60',
  [`gpu_utilization_ratio{${gpu}}`]: '0.25x60',
  [`gpu_power_watts{${gpu}}`]: '300x60',
  [`gpu_temperature_celsius{${gpu}, sensor="core"}`]: '60x60',
  [`gpu_memory_used_bytes{${gpu}}`]: '2048x60',
};

/** Labels and value that each query of the vLLM dashboard answers with, by panel and refId. */
const answers: Readonly<Record<string, readonly [labels: string, value: number]>> = {
  'Workload status A': ['{instance="n1"}', 1],
  'Requests total A': ['{}', 3007],
  'Throughput by host A': ['{instance="n1"}', 8],
  'Total throughput A': ['{}', 8],
  'Request latency A': ['{}', 0.278],
  'Request latency B': ['{}', 0.5],
  'Request latency C': ['{}', 0.75],
  'Request latency D': ['{}', 0.95],
  'Request latency E': ['{}', 0.4],
  'Success vs failed requests A': ['{instance="n1"}', 2400],
  'Success vs failed requests B': ['{instance="n1"}', 600],
  'Success vs failed requests C': ['{instance="n1"}', 7],
  'Error rate over time A': ['{}', 0.2],
  'CPU utilisation A': ['{instance="n1"}', 0.5],
  'Host memory used A': ['{instance="n1"}', 400],
  'GPU utilisation A': ['{instance="n1", uuid="GPU-1", gpu="0"}', 0.25],
  'GPU power A': ['{instance="n1", uuid="GPU-1", gpu="0"}', 300],
  'GPU temperature A': ['{instance="n1", uuid="GPU-1", gpu="0", sensor="core"}', 60],
  'GPU memory used A': ['{instance="n1", uuid="GPU-1", gpu="0"}', 2048],
  'Tokens per request A': ['{}', 50],
  'Tokens per request B': ['{}', 95],
  'Tokens per request C': ['{}', 60],
  'Cache usage A': ['{instance="n1", server="n1:8000", rank="0"}', 0.5],
};

/** The queries of some panels, each with the same answer. */
function expecting(panels: readonly string[], answer: Expectation['answer']): Expectation[] {
  return queries
    .filter(({ panel }) => panels.includes(panel))
    .map(({ expr }) => ({ expr: substitute(expr), at: '5m', answer }));
}

describe.skipIf(promtool.skip)(`queries of the vLLM dashboard${promtool.note}`, { timeout: 60_000 }, () => {
  test('answer with what a steady load is made of', async () => {
    const expectations = queries.map(({ panel, refId, expr }) => {
      const [labels, value] = answers[`${panel} ${refId}`] ?? ['{}', Number.NaN];
      return { expr: substitute(expr), at: '5m', answer: { [labels]: value } };
    });
    await expect(evaluate(load, expectations)).resolves.toBeUndefined();
  });

  test('without data, answer nothing at all', async () => {
    const panels = queries.map(({ panel }) => panel);
    await expect(evaluate({}, expecting(panels, {}))).resolves.toBeUndefined();
  });

  test('without traffic, know no latency, no length and no error rate', async () => {
    const idle = Object.fromEntries(Object.keys(load).map((series) => [series, '3x60']));
    const panels = ['Request latency', 'Tokens per request', 'Error rate over time'];
    await expect(evaluate(idle, expecting(panels, {}))).resolves.toBeUndefined();
  });

  test('without a failure, count none', async () => {
    const healthy = { [`vllm_requests_total{${request}, outcome="ok"}`]: '0+40x60' };
    const [succeeded, ...others] = expecting(['Success vs failed requests'], { '{instance="n1"}': 0 });
    const expectations = [
      { expr: succeeded?.expr ?? '', at: '5m', answer: { '{instance="n1"}': 2400 } },
      ...others,
      ...expecting(['Error rate over time'], { '{}': 0 }),
    ];
    await expect(evaluate(healthy, expectations)).resolves.toBeUndefined();
  });

  test('of a run that is over, keep the total and lose the status', async () => {
    const over = {
      [`vllm_requests_total{${request}, outcome="ok"}`]: '0 20 23 stale',
      [`vllm_workload_running{${host}, server="n1:8000", source="meter"}`]: '1 1 1 stale',
    };
    const expectations = [
      ...expecting(['Requests total'], { '{}': 23 }),
      ...expecting(['Workload status', 'Total throughput'], {}),
    ];
    await expect(evaluate(over, expectations)).resolves.toBeUndefined();
  });

  test('leave out a run that was not chosen', async () => {
    const expectations = queries.map(({ expr }) => ({ expr: substitute(expr, { run: '8' }), at: '5m', answer: {} }));
    await expect(evaluate(load, expectations)).resolves.toBeUndefined();
  });
});
