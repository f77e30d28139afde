import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LoadSummary, runLoad } from '../fakes/load-run.ts';
import { type Chain, emptyQueries, startChain } from '../helpers/chain.ts';

/*
 * The chain on real engines, which must run already: VERIFY_OLLAMA and VERIFY_VLLM are their URLs,
 * VERIFY_OLLAMA_MODEL and VERIFY_VLLM_MODEL what to ask for. docs/verified.md holds what this printed.
 */
const env = process.env;
const figures: Record<string, unknown> = {};

// eslint-disable-next-line no-console -- the figures are what the run is for
afterAll(() => console.log(JSON.stringify(figures, null, 2)));

describe.skipIf(!env['VERIFY_OLLAMA'])(`a real Ollama (VERIFY_OLLAMA=URL)`, () => {
  const model = env['VERIFY_OLLAMA_MODEL'] ?? 'tiny';
  let chain: Chain;
  let loads: readonly LoadSummary[];
  const requested = (key: keyof LoadSummary) => loads.reduce((sum, summary) => sum + summary[key], 0);

  beforeAll(async () => {
    const url = env['VERIFY_OLLAMA'] ?? '';
    chain = await startChain([
      '--ollama',
      url,
      '--meter-ollama',
      '127.0.0.1:0',
      '--nvidia-smi',
      'test/fakes/nvidia-smi',
    ]);
    const clients = { url: chain.agent.meters[0]?.href ?? '', engine: 'ollama', model } as const;
    loads = [
      await runLoad({ ...clients, requests: 20, rate: 2.5, concurrency: 8, tokens: 16 }),
      await runLoad({ ...clients, requests: 8, concurrency: 2, tokens: 12, stream: false, endpoint: '/api/generate' }),
      await runLoad({ ...clients, requests: 4, tokens: 4, mix: { missing: 1 } }),
      await runLoad({ ...clients, requests: 3, tokens: 2000, mix: { abort: 1 } }),
    ];
    await chain.untilValue('sum(ollama_requests_total)', requested('requests'));
  });
  afterAll(() => chain.stop());

  it('every query of every panel returns data', async () => {
    expect(await emptyQueries(chain.api, 'ollama')).toEqual([]);
  });

  it.each(['ok', 'client_error', 'aborted'] as const)(
    'meter and clients agree on requests that ended as %s',
    async (outcome) => {
      const metered = await chain.value(`sum(ollama_requests_total{outcome="${outcome}"})`);
      figures[`ollama ${outcome}`] = { metered, clients: requested(outcome) };
      expect(metered).toBe(requested(outcome));
    },
  );

  it('meter and clients agree on the tokens of complete answers', async () => {
    const generated = await chain.value(
      'sum(ollama_generated_tokens_total) - (sum(ollama_token_count_estimated_total) or vector(0))',
    );
    const prompt = await chain.value('sum(ollama_prompt_tokens_total)');
    figures['ollama tokens'] = {
      generated,
      prompt,
      clients: [requested('generated_tokens'), requested('prompt_tokens')],
    };
    expect([generated, prompt]).toEqual([requested('generated_tokens'), requested('prompt_tokens')]);
  });

  it('shows the version and the model that it holds', async () => {
    const [build] = await chain.api.query('ollama_build_info');
    figures['ollama version'] = build?.labels['version'];
    expect(await chain.value(`ollama_model_loaded{model="${model}"}`)).toBe(1);
  });
});

describe.skipIf(!env['VERIFY_VLLM'])(`a real vLLM (VERIFY_VLLM=URL)`, () => {
  const url = env['VERIFY_VLLM'] ?? '';
  const clients = { engine: 'vllm', model: env['VERIFY_VLLM_MODEL'] ?? 'tiny-llama', tokens: 16 } as const;
  const steady = { ...clients, requests: 20, rate: 2.5, concurrency: 4 };
  let chain: Chain;
  afterEach(() => chain.stop());

  const counters = ['vllm_requests_total{outcome="ok"}', 'vllm_generated_tokens_total', 'vllm_prompt_tokens_total'];
  const read = () => Promise.all(counters.map((name) => chain.value(`sum(${name})`)));

  it('without a meter: its own metrics and the clients agree, and every panel has data', async () => {
    chain = await startChain(['--vllm', url, '--nvidia-smi', 'test/fakes/nvidia-smi']);
    await chain.untilValue('sum(vllm_up)', 1);
    const before = await read();
    const load = await runLoad({ ...steady, url });
    await runLoad({ ...clients, url, requests: 2, mix: { missing: 1 } });
    await chain.untilValue(`sum(${counters[0]})`, (before[0] ?? 0) + load.ok);
    const counted = (await read()).map((after, at) => after - (before[at] ?? 0));
    figures['vllm native: ok, generated, prompt'] = {
      counted,
      clients: [load.ok, load.generated_tokens, load.prompt_tokens],
    };
    expect(counted).toEqual([load.ok, load.generated_tokens, load.prompt_tokens]);
    expect(await emptyQueries(chain.api, 'vllm')).toEqual([]);
  });

  it('with a meter: meter and clients agree, clients that left among them, and every panel has data', async () => {
    chain = await startChain(['--vllm', url, '--meter-vllm', '127.0.0.1:0', '--nvidia-smi', 'test/fakes/nvidia-smi']);
    const metered = { ...clients, url: chain.agent.meters[0]?.href ?? '' };
    const load = await runLoad({ ...steady, url: metered.url });
    const missing = await runLoad({ ...metered, requests: 2, mix: { missing: 1 } });
    const left = await runLoad({ ...metered, requests: 3, tokens: 200, mix: { abort: 1 } });
    await chain.untilValue('sum(vllm_requests_total)', load.requests + missing.requests + left.requests);
    const [ok, generated, prompt] = await read();
    const estimated = await chain.value('sum(vllm_token_count_estimated_total)');
    const counted = [ok, (generated ?? 0) - estimated, prompt];
    figures['vllm metered: ok, generated, prompt'] = {
      counted,
      clients: [load.ok, load.generated_tokens, load.prompt_tokens],
    };
    expect(counted).toEqual([load.ok, load.generated_tokens, load.prompt_tokens]);
    expect(await chain.value('sum(vllm_requests_total{outcome="aborted"})')).toBe(left.aborted);
    expect(await emptyQueries(chain.api, 'vllm')).toEqual([]);
  });
});
