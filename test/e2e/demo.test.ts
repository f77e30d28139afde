import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runLoad } from '../fakes/load-run.ts';
import { suiteWith } from '../helpers/parts.ts';
import { poll } from '../helpers/poll.ts';
import { freePort, type Running, start, startFake } from '../helpers/programs.ts';

suiteWith(['prometheus', 'pushgateway'], 'npm start', () => {
  let demo: Running;

  beforeAll(async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    demo = start(process.execPath, ['scripts/start.mjs', '--ollama', nobody, '--vllm', nobody]);
    await poll('requests to flow', () => (/[1-9]\d* requests/.test(demo.output()) ? true : undefined), demo.output);
  });
  afterAll(async () => void (await demo.stop()));

  it('says clearly what is simulated', () => {
    expect(demo.output()).toMatch(/SIMULATED Ollama and vLLM with a simulated load/);
  });

  it.each(['Prometheus', 'Readings', 'Pushgateway'])('shows an address of %s that answers', async (name) => {
    const url = new RegExp(`${name} +(http://\\S+)`).exec(demo.output())?.[1] ?? '';
    const { status } = await fetchStatus(url);
    expect(status).toBe(200);
  });

  it('ends on Ctrl-C with exit code 0 and leaves no process behind', async () => {
    process.kill(demo.pid, 'SIGTERM');
    expect(await demo.ended).toBe(0);
    const { stdout } = await execa('ps', ['-eo', 'args']);
    const folder = /inferometer-demo-\w+/.exec(demo.output())?.[0] ?? 'inferometer-demo-';
    expect(stdout.split('\n').filter((line) => line.includes(folder))).toEqual([]);
  });
});

suiteWith(['prometheus', 'pushgateway'], "npm start with an engine of the user's own", () => {
  it('watches it, starts no simulated engine and no load, and meters what is sent to the address it shows', async () => {
    const own = await startFake('ollama', ['--model', 'tiny']);
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const demo = start(process.execPath, ['scripts/start.mjs', '--ollama', own.url.origin, '--vllm', nobody]);
    const address = /ollama clients (http:\S+)/;
    const metered = await poll('the address', () => address.exec(demo.output())?.[1], demo.output);
    expect(demo.output()).toContain(`your ollama at ${own.url.host}`);
    expect(demo.output()).not.toMatch(/SIMULATED Ollama/);
    const load = await runLoad({ url: metered, engine: 'ollama', model: 'tiny', requests: 2, tokens: 2 });
    expect(load.ok).toBe(2);
    await poll('the requests', () => (/^2 requests/m.test(demo.output()) ? true : undefined), demo.output);
    expect(await demo.stop()).toBe(0);
    await own.stop();
  });
});

/** By curl: Node's own fetch refuses port 6000. */
async function fetchStatus(url: string): Promise<{ status: number }> {
  const { stdout } = await execa('curl', ['-sL', '-o', '/dev/null', '-w', '%{http_code}', url]);
  return { status: Number(stdout) };
}
