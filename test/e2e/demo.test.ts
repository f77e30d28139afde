import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { suiteWith } from '../helpers/parts.ts';
import { poll } from '../helpers/poll.ts';
import { type Running, start } from '../helpers/programs.ts';

suiteWith(['prometheus', 'pushgateway'], 'npm start', () => {
  let demo: Running;

  beforeAll(async () => {
    demo = start(process.execPath, ['scripts/start.mjs']);
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

/** By curl: Node's own fetch refuses port 6000. */
async function fetchStatus(url: string): Promise<{ status: number }> {
  const { stdout } = await execa('curl', ['-sL', '-o', '/dev/null', '-w', '%{http_code}', url]);
  return { status: Number(stdout) };
}
