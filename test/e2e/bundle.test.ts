import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpExchange } from '@inferometer/core/http-request';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runLoad } from '../fakes/load-run.ts';
import { startAgent } from '../helpers/agent.ts';
import { poll } from '../helpers/poll.ts';
import { startFake } from '../helpers/programs.ts';

const root = new URL('../..', import.meta.url).pathname;

describe('the bundle', () => {
  const dir = mkdtempSync(join(tmpdir(), 'inferometer-bundle-'));
  const bundle = join(dir, 'inferometer.mjs');

  beforeAll(async () => {
    await execa('npm', ['run', '--silent', 'build'], { cwd: root });
    copyFileSync(join(root, 'dist/inferometer.mjs'), bundle);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('tells its version from an empty folder on plain Node', async () => {
    const { stdout } = await execa(process.execPath, [bundle, '--version'], { cwd: dir, env: { NODE_OPTIONS: '' } });
    expect(stdout).toBe('0.1.0');
  });

  it('monitors and meters an engine as the sources do', async () => {
    const ollama = await startFake('ollama', ['--model', 'tiny']);
    const agent = await startAgent(
      join(dir, 'run'),
      ['--ollama', ollama.url.origin, '--meter-ollama', '127.0.0.1:0', '--sample-interval', '100ms'],
      [bundle],
    );
    await runLoad({ url: agent.meters[0]?.href ?? '', engine: 'ollama', model: 'tiny', requests: 3, tokens: 2 });
    const counted = /^ollama_requests_total\{.*outcome="ok".*\} 3$/m;
    await poll('three requests', async () => {
      const { body } = await httpExchange(new URL('/metrics', agent.url), { timeoutMs: 2000 });
      return counted.test(body) ? true : undefined;
    });
    expect(await agent.stop()).toBe(0);
    await ollama.stop();
  });
});
