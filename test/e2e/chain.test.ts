import { queriesOf, substitute } from '@inferometer/grafana/queries-of';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LoadSummary, runLoad } from '../fakes/load-run.ts';
import { type Chain, dashboard, emptyQueries, startChain } from '../helpers/chain.ts';
import { suiteWith } from '../helpers/parts.ts';
import { type Running, startFake } from '../helpers/programs.ts';

/* Clients load a simulated Ollama through the meter and a simulated vLLM directly. */
suiteWith(['prometheus', 'pushgateway', 'ssh'], 'from a request to a panel', () => {
  const engines: Running[] = [];
  let chain: Chain;
  let loads: { readonly ollama: readonly LoadSummary[]; readonly vllm: LoadSummary };

  const requested = (key: keyof LoadSummary) => loads.ollama.reduce((sum, summary) => sum + summary[key], 0);

  beforeAll(async () => {
    const ollama = await startFake('ollama', ['--model', 'tiny', '--load-ms', '2500', '--token-ms', '4']);
    const vllm = await startFake('vllm', ['--model', 'tiny-llama', '--token-ms', '4']);
    engines.push(ollama, vllm);
    chain = await startChain([
      ...['--ollama', ollama.url.origin, '--meter-ollama', '127.0.0.1:0', '--vllm', vllm.url.origin],
      ...['--nvidia-smi', 'test/fakes/nvidia-smi'],
    ]);
    loads = await driveLoads(chain.agent.meters[0]?.href ?? '', vllm.url.href);
    await chain.untilValue('sum(ollama_requests_total)', requested('requests'));
    await chain.untilValue('sum(vllm_requests_total)', loads.vllm.requests);
  });

  afterAll(async () => {
    await chain.stop();
    for (const engine of engines) await engine.stop();
  });

  it.each(['ollama', 'vllm'])('every query of every panel of the %s dashboard returns data', async (name) => {
    expect(await emptyQueries(chain.api, name)).toEqual([]);
  });

  it('counts the requests of Ollama by outcome as the clients saw them', async () => {
    const counted = await chain.api.query('sum by (outcome) (ollama_requests_total) > 0');
    const byOutcome = Object.fromEntries(counted.map(({ labels, points }) => [labels['outcome'], points[0]?.[1]]));
    expect(byOutcome).toEqual({
      ok: requested('ok'),
      client_error: requested('client_error'),
      server_error: requested('server_error'),
      truncated: requested('truncated'),
      aborted: requested('aborted'),
    });
  });

  it('counts 20 requests that took 8 s as 20, in the panel that totals them', async () => {
    expect(loads.ollama[0]?.requests).toBe(20);
    const query = queriesOf(dashboard('ollama')).find(({ panel }) => panel === 'Requests total')?.expr ?? '';
    const ofOneModel = requested('requests') - requested('client_error');
    expect(await chain.value(substitute(query, { model: 'tiny' }))).toBe(ofOneModel);
  });

  it('counts errors without the requests that clients gave up', async () => {
    const failed = requested('client_error') + requested('server_error') + requested('truncated');
    expect(await chain.value('sum(ollama_errors_total)')).toBe(failed);
  });

  it('counts the tokens of complete answers exactly as the engine reported them', async () => {
    const reported = 'sum(ollama_generated_tokens_total) - sum(ollama_token_count_estimated_total)';
    expect(await chain.value(reported)).toBe(requested('generated_tokens'));
    expect(await chain.value('sum(ollama_prompt_tokens_total)')).toBe(requested('prompt_tokens'));
  });

  it('times every complete answer once', async () => {
    expect(await chain.value('sum(ollama_request_latency_seconds_count)')).toBe(requested('ok'));
    expect(await chain.value('sum(vllm_request_latency_seconds_count)')).toBe(loads.vllm.ok);
  });

  it('takes the requests and tokens of vLLM from its own metrics', async () => {
    expect(await chain.value('sum(vllm_requests_total{outcome="ok"})')).toBe(loads.vllm.ok);
    expect(await chain.value('sum(vllm_generated_tokens_total)')).toBe(loads.vllm.generated_tokens);
    expect(await chain.value('sum(vllm_tokens_per_request_sum)')).toBe(loads.vllm.generated_tokens);
    expect(await chain.value('sum(vllm_errors_total{reason="http_4xx"})')).toBe(loads.vllm.client_error);
  });

  it.each([
    ['ollama_workload_running', 0, 1],
    ['sum(ollama_throughput_rps)', 0.1, 10],
    ['histogram_quantile(0.95, ollama_request_latency_seconds)', 0.05, 5],
    ['100 * sum(rate(ollama_errors_total[5m])) / sum(rate(ollama_requests_total[5m]))', 1, 99],
  ])('answers the query `%s` of the source report as it stands', async (expr, least, most) => {
    const answers = (await chain.api.query(expr)).map(({ points }) => points[0]?.[1]);
    const readings = answers.filter((answer) => !Number.isNaN(answer));
    expect(readings).toHaveLength(1);
    expect(readings[0]).toBeGreaterThanOrEqual(least);
    expect(readings[0]).toBeLessThanOrEqual(most);
  });

  it('keeps the identity of the series: job, cluster, run and instance as they were pushed', async () => {
    const [up] = await chain.api.query('ollama_up');
    expect(up?.labels).toMatchObject({ job: 'inferometer', cluster: 'test', run: 'run-1', instance: 'node-1' });
    expect(up?.labels).not.toHaveProperty('exported_job');
  });

  it('ends with exit code 0 and leaves nothing on the Pushgateway', async () => {
    expect(await chain.agent.stop()).toBe(0);
    await chain.untilValue('count(ollama_up) or vector(0)', 0);
  });
});

/** A steady run of 20 requests in 8 s, then requests that fail in every way, and a load on vLLM beside them. */
async function driveLoads(ollama: string, vllm: string) {
  const tiny = { url: ollama, engine: 'ollama', model: 'tiny', tokens: 12 } as const;
  const tinyLlama = { url: vllm, engine: 'vllm', model: 'tiny-llama', tokens: 10 } as const;
  const beside = runLoad({ ...tinyLlama, requests: 30, rate: 4, concurrency: 4, mix: { ok: 9, missing: 1 } });
  const steady = await runLoad({ ...tiny, requests: 20, rate: 2.5, concurrency: 8 });
  const faults = { ok: 4, error: 2, missing: 2, 'stream-error': 1, truncate: 2, drop: 1 };
  const faulty = await runLoad({ ...tiny, requests: 12, concurrency: 2, mix: faults });
  // Answers long enough that none is whole before its client has left.
  const given = await runLoad({ ...tiny, tokens: 500, requests: 2, mix: { abort: 1 } });
  const whole = await runLoad({ ...tiny, endpoint: '/api/generate', requests: 6, concurrency: 2, stream: false });
  return { ollama: [steady, faulty, given, whole], vllm: await beside };
}
