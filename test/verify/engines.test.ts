import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
  const model = env['VERIFY_VLLM_MODEL'] ?? 'tiny-llama';
  let chain: Chain;
  let load: LoadSummary;
  let before: Readonly<Record<string, number>>;
  const counters = ['vllm_requests_total{outcome="ok"}', 'vllm_generated_tokens_total', 'vllm_prompt_tokens_total'];
  const read = async () => {
    const values = await Promise.all(counters.map(async (name) => [name, await chain.value(`sum(${name})`)] as const));
    return Object.fromEntries(values);
  };

  beforeAll(async () => {
    const url = env['VERIFY_VLLM'] ?? '';
    chain = await startChain(['--vllm', url, '--nvidia-smi', 'test/fakes/nvidia-smi']);
    await chain.untilValue('sum(vllm_up)', 1);
    before = await read();
    load = await runLoad({ url, engine: 'vllm', model, requests: 20, rate: 2.5, concurrency: 4, tokens: 16 });
    await runLoad({ url, engine: 'vllm', model, requests: 2, mix: { missing: 1 } });
    await chain.untilValue(
      'sum(vllm_requests_total{outcome="ok"})',
      (before['vllm_requests_total{outcome="ok"}'] ?? 0) + load.ok,
    );
  });
  afterAll(() => chain.stop());

  it('every query of every panel returns data', async () => {
    expect(await emptyQueries(chain.api, 'vllm')).toEqual([]);
  });

  it('native metrics and clients agree on requests and tokens', async () => {
    const after = await read();
    const counted = counters.map((name) => (after[name] ?? 0) - (before[name] ?? 0));
    figures['vllm ok, generated, prompt'] = { counted, clients: [load.ok, load.generated_tokens, load.prompt_tokens] };
    expect(counted).toEqual([load.ok, load.generated_tokens, load.prompt_tokens]);
  });
});
