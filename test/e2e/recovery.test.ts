import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpExchange } from '@inferometer/core/http-request';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../helpers/agent.ts';
import { suiteWith } from '../helpers/parts.ts';
import { poll } from '../helpers/poll.ts';
import { freePort, type Running, start, startFake, untilAnswers } from '../helpers/programs.ts';

const root = new URL('../..', import.meta.url).pathname;

suiteWith(['pushgateway'], 'an agent that started before everything it watches', () => {
  const dir = mkdtempSync(join(tmpdir(), 'inferometer-recovery-'));
  const later: Running[] = [];
  let agent: RunningAgent;
  let ollama: string;
  let gateway: URL;

  const metrics = async () => (await httpExchange(new URL('/metrics', agent.url), { timeoutMs: 2000 })).body;
  const untilExposed = (pattern: RegExp) =>
    poll(String(pattern), async () => (pattern.test(await metrics()) ? true : undefined), agent.output);

  beforeAll(async () => {
    ollama = `127.0.0.1:${await freePort()}`;
    gateway = new URL(`http://127.0.0.1:${await freePort()}`);
    agent = await startAgent(join(dir, 'run'), [
      ...['--ollama', `http://${ollama}`, '--pushgateway', gateway.origin, '--push-interval', '200ms'],
      ...['--nvidia-smi', join(dir, 'nvidia-smi'), '--sample-interval', '200ms'],
    ]);
  });
  afterAll(async () => {
    await agent.stop();
    for (const program of later) await program.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('says in its metrics what is missing', async () => {
    await untilExposed(/^inferometer_collector_up\{collector="ollama".*\} 0$/m);
    await untilExposed(/^inferometer_collector_up\{collector="nvidia-smi".*\} 0$/m);
    await untilExposed(/^inferometer_pushes_total\{result="unreachable"\} [1-9]/m);
  });

  it('knows nothing of an engine that it never saw', async () => {
    expect(await metrics()).not.toMatch(/^ollama_up/m);
  });

  it('reads an engine from when it comes up', async () => {
    later.push(await startFake('ollama', [], ollama));
    await untilExposed(/^ollama_up\{.*\} 1$/m);
  });

  it('reads the GPUs from when nvidia-smi is there', async () => {
    symlinkSync(join(root, 'test/fakes/nvidia-smi'), join(dir, 'nvidia-smi'));
    await untilExposed(/^gpu_power_watts\{.*\} \d/m);
  });

  it('publishes from when the Pushgateway is there', async () => {
    const program = start('prometheus-pushgateway', ['--persistence.file=', `--web.listen-address=${gateway.host}`]);
    later.push(program);
    await untilAnswers(new URL('/-/ready', gateway), program);
    await untilExposed(/^inferometer_pushes_total\{result="ok"\} [1-9]/m);
  });

  it('says 0 of an engine that went away, once it was seen', async () => {
    await later[0]?.stop();
    await untilExposed(/^ollama_up\{.*\} 0$/m);
  });

  it('logged each change once', () => {
    const count = (text: string) => agent.output().split(text).length - 1;
    expect(count('ollama: no reading')).toBe(2);
    expect(count('nvidia-smi: no reading')).toBe(1);
    expect(count('a push failed')).toBe(1);
    expect(count('publishing to the Pushgateway')).toBe(1);
  });
});
