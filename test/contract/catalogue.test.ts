import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue, type MetricName } from '@inferometer/core/catalogue/catalogue';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import { parseText } from '@inferometer/core/exposition/parse-text';
import { httpExchange } from '@inferometer/core/http-request';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runLoad } from '../fakes/load-run.ts';
import { startAgent } from '../helpers/agent.ts';
import { suiteWith } from '../helpers/parts.ts';
import { poll } from '../helpers/poll.ts';
import { freePort, type Running, startFake } from '../helpers/programs.ts';

/* An agent whose sources show everything that they can, trouble included. */
describe('what the agent exposes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'inferometer-catalogue-'));
  const started: Running[] = [];
  let servers = { metered: '', native: '' };
  let text = '';
  let families: readonly MetricFamily[] = [];

  beforeAll(async () => {
    const ollama = await startFake('ollama', ['--model', 'tiny']);
    const vllm = await startFake('vllm', ['--model', 'tiny-llama']);
    const metered = await startFake('vllm', ['--model', 'tiny-llama']);
    started.push(ollama, vllm, metered);
    servers = { metered: metered.url.host, native: vllm.url.host };
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const agent = await startAgent(
      join(dir, 'run'),
      [
        ...['--ollama', ollama.url.origin, '--meter-ollama', '127.0.0.1:0'],
        // Meters pair by position: the first vLLM is metered, the second tells its own requests.
        ...['--vllm', metered.url.origin, '--meter-vllm', '127.0.0.1:0', '--vllm', vllm.url.origin, '--vllm', nobody],
        ...['--nvidia-smi', 'test/fakes/nvidia-smi', '--sample-interval', '200ms'],
        ...['--pushgateway', nobody, '--push-interval', '200ms'],
      ],
      ['bin/inferometer'],
      { FAKE_NVIDIA_SMI_CASE: 'foreign-lines' },
    );
    started.push(agent);
    const clients = { url: agent.meters[0]?.href ?? '', engine: 'ollama', model: 'tiny', concurrency: 2 } as const;
    await runLoad({ ...clients, requests: 8, mix: { ok: 5, error: 1, missing: 1, truncate: 1 } });
    await runLoad({ url: vllm.url.href, engine: 'vllm', model: 'tiny-llama', requests: 3, mix: { ok: 2, missing: 1 } });
    const behind = { url: agent.meters[1]?.href ?? '', engine: 'vllm', model: 'tiny-llama' } as const;
    await runLoad({ ...behind, requests: 3, mix: { ok: 2, truncate: 1 } });
    void runLoad({ ...clients, tokens: 100_000, requests: 1, durationMs: 20_000 });
    await poll(
      'every metric of the catalogue',
      async () => {
        text = (await httpExchange(new URL('/metrics', agent.url), { timeoutMs: 2000 })).body;
        ({ families } = parseText(text));
        return families.length >= Object.keys(catalogue).length ? true : undefined;
      },
      () => Object.keys(catalogue).filter((name) => !families.some((family) => family.name === name)),
      15_000,
    ).catch(() => undefined);
  });

  afterAll(async () => {
    for (const program of started.toReversed()) await program.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('is what the catalogue lists, no metric more and none less', () => {
    expect(families.map(({ name }) => name).toSorted()).toEqual(Object.keys(catalogue).toSorted());
  });

  it('has the types and labels of the catalogue', () => {
    const wrong = families.flatMap(({ name, type, samples }) => {
      const { type: listed, labels } = catalogue[name as MetricName];
      const allowed: readonly string[] = type === 'histogram' ? [...labels, 'le'] : labels;
      const strange = samples
        .flatMap((sample) => Object.keys(sample.labels))
        .filter((label) => !allowed.includes(label));
      return type === listed && strange.length === 0 ? [] : [`${name} ${type} ${strange.join(' ')}`];
    });
    expect(wrong).toEqual([]);
  });

  it('has the requests of a metered server from its meter alone', () => {
    const sources = families
      .filter(({ name }) => name === 'vllm_requests_total')
      .flatMap(({ samples }) => samples.map(({ labels }) => `${labels['server']} ${labels['source']}`));
    expect(new Set(sources)).toEqual(new Set([`${servers.metered} meter`, `${servers.native} native`]));
  });

  it('spells bucket bounds as Prometheus 3 does', () => {
    const bounds = [...text.matchAll(/le="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(bounds.filter((bound) => !/^(\d+\.\d+|\d(\.\d+)?e[+-]\d\d|\+Inf)$/.test(bound))).toEqual([]);
  });

  suiteWith(['prometheus'], 'and promtool', () => {
    it('has nothing to object', async () => {
      const { stdout, stderr } = await execa('promtool', ['check', 'metrics'], { input: text, reject: false });
      expect(`${stdout}${stderr}`).toBe('');
    });
  });
});
