import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PrometheusApi } from '@inferometer/core/prometheus-api';
import type { DashboardJson } from '@inferometer/grafana/dashboard-json';
import { queriesOf, substitute } from '@inferometer/grafana/queries-of';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LoadSummary, runLoad } from '../fakes/load-run.ts';
import { type RunningAgent, startAgent } from '../helpers/agent.ts';
import { suiteWith } from '../helpers/parts.ts';
import { poll } from '../helpers/poll.ts';
import { type Running, startFake } from '../helpers/programs.ts';
import { forward, startSshd } from '../helpers/sshd.ts';
import { startPrometheus, startPushgateway } from '../helpers/stack.ts';

const dashboard = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../grafana/dist/${name}.json`, import.meta.url), 'utf8')) as DashboardJson;

/*
 * The whole chain with every part real but the engines and the GPUs: clients load a simulated Ollama through the meter
 * and a simulated vLLM directly; the agent publishes to a Pushgateway "on the cluster"; Prometheus "on the laptop"
 * reaches it through `ssh -N -L` alone.
 */
suiteWith(['prometheus', 'pushgateway', 'ssh'], 'from a request to a panel', () => {
  const dir = mkdtempSync(join(tmpdir(), 'inferometer-chain-'));
  const started: Running[] = [];
  let api: PrometheusApi;
  let agent: RunningAgent;
  let loads: { readonly ollama: readonly LoadSummary[]; readonly vllm: LoadSummary };

  const keep = async <T extends Running>(program: Promise<T>): Promise<T> => {
    const running = await program;
    started.push(running);
    return running;
  };

  const value = async (expr: string): Promise<number> => {
    const [result, ...rest] = await api.query(expr);
    expect(rest, expr).toEqual([]);
    const point = result?.points[0];
    if (!point) throw new Error(`${expr}: no data`);
    return point[1];
  };

  beforeAll(async () => {
    const pushgateway = await keep(startPushgateway());
    const login = await keep(startSshd(join(dir, 'sshd')));
    const tunnel = await keep(forward(login, pushgateway.url));
    ({ api } = await keep(startPrometheus(dir, tunnel.local)));
    const ollama = await keep(startFake('ollama', ['--model', 'tiny', '--load-ms', '2500', '--token-ms', '4']));
    const vllm = await keep(startFake('vllm', ['--model', 'tiny-llama', '--token-ms', '4']));
    agent = await keep(
      startAgent(join(dir, 'run'), [
        ...['--ollama', ollama.url.origin, '--meter-ollama', '127.0.0.1:0', '--vllm', vllm.url.origin],
        ...['--nvidia-smi', 'test/fakes/nvidia-smi', '--pushgateway', pushgateway.url.origin, '--push-interval', '1s'],
      ]),
    );
    const metered = agent.meters[0]?.href ?? '';
    loads = await driveLoads(metered, vllm.url.href);
    await poll(
      'Prometheus to hold every request',
      async () => {
        const [seen] = await api.query('sum(ollama_requests_total)');
        return seen?.points[0]?.[1] === total(loads.ollama, 'requests') ? true : undefined;
      },
      agent.output,
    );
  });

  afterAll(async () => {
    for (const program of started.toReversed()) await program.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each(['ollama', 'vllm'])('every query of every panel of the %s dashboard returns data', async (name) => {
    const empty: string[] = [];
    const now = Date.now() / 1000;
    for (const { panel, refId, expr, instant } of queriesOf(dashboard(name))) {
      const query = substitute(expr, { __rate_interval: '20s' });
      const answer = instant ? await api.query(query) : await api.queryRange(query, now - 60, now, 1);
      const isDrawn = answer.some(({ points }) => points.some(([, reading]) => Number.isFinite(reading)));
      if (!isDrawn) empty.push(`${panel} ${refId}: ${query}`);
    }
    expect(empty).toEqual([]);
  });

  it('counts the requests of Ollama by outcome as the clients saw them', async () => {
    const counted = await api.query('sum by (outcome) (ollama_requests_total) > 0');
    const byOutcome = Object.fromEntries(counted.map(({ labels, points }) => [labels['outcome'], points[0]?.[1]]));
    expect(byOutcome).toEqual({
      ok: total(loads.ollama, 'ok'),
      client_error: total(loads.ollama, 'client_error'),
      server_error: total(loads.ollama, 'server_error'),
      truncated: total(loads.ollama, 'truncated'),
      aborted: total(loads.ollama, 'aborted'),
    });
  });

  it('counts 20 requests that took 8 s as 20, in the panel that totals them', async () => {
    const [steady] = loads.ollama;
    expect(steady?.requests).toBe(20);
    const [query] = queriesOf(dashboard('ollama')).filter(({ panel }) => panel === 'Requests total');
    expect(await value(substitute(query?.expr ?? '', { model: 'tiny' }))).toBe(
      total(loads.ollama, 'requests') - total(loads.ollama, 'client_error'),
    );
  });

  it('counts errors without the requests that clients gave up', async () => {
    const failed =
      total(loads.ollama, 'client_error') + total(loads.ollama, 'server_error') + total(loads.ollama, 'truncated');
    expect(await value('sum(ollama_errors_total)')).toBe(failed);
  });

  it('counts the tokens of complete answers exactly as the engine reported them', async () => {
    const reported = 'sum(ollama_generated_tokens_total) - (sum(ollama_token_count_estimated_total) or vector(0))';
    expect(await value(reported)).toBe(total(loads.ollama, 'generated_tokens'));
    expect(await value('sum(ollama_prompt_tokens_total)')).toBe(total(loads.ollama, 'prompt_tokens'));
  });

  it('times every complete answer once', async () => {
    expect(await value('sum(ollama_request_latency_seconds_count)')).toBe(total(loads.ollama, 'ok'));
    expect(await value('sum(vllm_request_latency_seconds_count)')).toBe(loads.vllm.ok);
  });

  it('takes the requests and tokens of vLLM from its own metrics', async () => {
    expect(await value('sum(vllm_requests_total{outcome="ok"})')).toBe(loads.vllm.ok);
    expect(await value('sum(vllm_generated_tokens_total)')).toBe(loads.vllm.generated_tokens);
    expect(await value('sum(vllm_tokens_per_request_sum)')).toBe(loads.vllm.generated_tokens);
    expect(await value('sum(vllm_errors_total{reason="http_4xx"})')).toBe(loads.vllm.client_error);
  });

  it.each([
    ['ollama_workload_running', 0, 1],
    ['sum(ollama_throughput_rps)', 0.1, 10],
    ['histogram_quantile(0.95, ollama_request_latency_seconds)', 0.05, 5],
    ['100 * sum(rate(ollama_errors_total[5m])) / sum(rate(ollama_requests_total[5m]))', 1, 99],
  ])('answers the query `%s` as it stands in the source report', async (expr, least, most) => {
    const answers = (await api.query(expr))
      .map(({ points }) => points[0]?.[1])
      .filter((answer) => !Number.isNaN(answer));
    expect(answers).toHaveLength(1);
    expect(answers[0]).toBeGreaterThanOrEqual(least);
    expect(answers[0]).toBeLessThanOrEqual(most);
  });

  it('keeps the identity of the series: job, cluster, run and instance as they were pushed', async () => {
    const [up] = await api.query('ollama_up');
    expect(up?.labels).toMatchObject({ job: 'inferometer', cluster: 'test', run: 'run-1', instance: 'node-1' });
    expect(up?.labels).not.toHaveProperty('exported_job');
  });

  it('ends with exit code 0 and leaves nothing on the Pushgateway', async () => {
    expect(await agent.stop()).toBe(0);
    await poll('the group to be gone', async () => ((await api.query('ollama_up')).length === 0 ? true : undefined));
  });
});

/** A steady run of 20 requests in 8 s, then one request of each way to fail, and a mixed load on vLLM beside it. */
async function driveLoads(ollama: string, vllm: string) {
  const tiny = { url: ollama, engine: 'ollama', model: 'tiny', tokens: 12 } as const;
  const mixed = runLoad({
    url: vllm,
    engine: 'vllm',
    model: 'tiny-llama',
    requests: 30,
    rate: 4,
    concurrency: 4,
    tokens: 10,
    mix: { ok: 9, missing: 1 },
  });
  const steady = await runLoad({ ...tiny, requests: 20, rate: 2.5, concurrency: 8 });
  const faults = { ok: 4, error: 2, missing: 2, 'stream-error': 1, truncate: 2, drop: 1 };
  const faulty = await runLoad({ ...tiny, requests: 12, concurrency: 2, mix: faults });
  // Answers long enough that none is whole before its client has left.
  const given = await runLoad({ ...tiny, tokens: 500, requests: 2, mix: { abort: 1 } });
  const unstreamed = await runLoad({ ...tiny, endpoint: '/api/generate', requests: 6, concurrency: 2, stream: false });
  return { ollama: [steady, faulty, given, unstreamed], vllm: await mixed };
}

function total(summaries: readonly LoadSummary[], key: keyof LoadSummary): number {
  return summaries.reduce((sum, summary) => sum + summary[key], 0);
}
