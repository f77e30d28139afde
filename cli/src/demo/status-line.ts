import type { MetricFamily, Sample } from '@inferometer/core/exposition/family';
import { httpExchange } from '@inferometer/core/http-request';
import type { Snapshot } from '@inferometer/core/snapshot';

/** What the status line shows; what there is no reading of is absent. */
export interface Figures {
  readonly requests: number | undefined;
  readonly failed: number | undefined;
  readonly requestsPerSecond: number | undefined;
  readonly generatedTokens: number | undefined;
  readonly watts: number | undefined;
}

/** The agent's latest snapshot. Rejects when it does not answer. */
export async function readSnapshot(agent: URL): Promise<Pick<Snapshot, 'families'>> {
  const { body } = await httpExchange(new URL('/api/v1/snapshot', agent), { timeoutMs: 2000 });
  return JSON.parse(body) as Snapshot;
}

export function figuresOf(families: readonly MetricFamily[]): Figures {
  const total = (...names: readonly string[]) =>
    sum(families.filter(({ name }) => names.includes(name)).flatMap(({ samples }) => samples));
  return {
    requests: total('ollama_requests_total', 'vllm_requests_total'),
    failed: total('ollama_errors_total', 'vllm_errors_total'),
    requestsPerSecond: total('ollama_throughput_rps', 'vllm_throughput_rps'),
    generatedTokens: total('ollama_generated_tokens_total', 'vllm_generated_tokens_total'),
    watts: total('gpu_power_watts'),
  };
}

function sum(samples: readonly Sample[]): number | undefined {
  return samples.length === 0 ? undefined : samples.reduce((all, { value }) => all + value, 0);
}

/**
 * The figures in one line, such as `1,204 requests (12 failed) · 6.1 req/s · 48,160 tokens · 412 W`: the rate is that of
 * the last 30 s, the tokens are generated ones, the power that of all GPUs.
 */
export function statusLine({ requests, failed, requestsPerSecond, generatedTokens, watts }: Figures): string {
  const parts = [
    requests === undefined ? 'no requests yet' : `${whole(requests)} requests (${whole(failed ?? 0)} failed)`,
    requestsPerSecond !== undefined && `${requestsPerSecond.toFixed(1)} req/s`,
    generatedTokens !== undefined && `${whole(generatedTokens)} tokens`,
    watts !== undefined && `${watts.toFixed(0)} W`,
  ];
  return parts.filter((part) => part !== false).join(' · ');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
