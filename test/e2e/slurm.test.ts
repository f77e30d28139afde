import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { suiteWith } from '../helpers/parts.ts';
import { freePort, freePorts } from '../helpers/programs.ts';
import { type Slurm, startSlurm } from '../helpers/slurm.ts';
import { type Served, startPushgateway } from '../helpers/stack.ts';

const repository = join(import.meta.dirname, '../..');
const fakes = `cd '${repository}' && exec node --import tsx test/fakes`;
const examples = [
  {
    name: 'ollama',
    ports: [11500, 11434],
    program: `#!/bin/sh\n${fakes}/ollama.ts --listen "$OLLAMA_HOST" --model llama3.2\n`,
    exitCode: '0:0',
    records: ['requests'],
  },
  {
    name: 'vllm',
    ports: [8100, 8000],
    program: `#!/bin/sh\n[ "$1" = serve ] || exit 7\n${fakes}/vllm.ts --listen "127.0.0.1:$FAKE_PORT"\n`,
    exitCode: '7:0',
    records: [],
  },
];

suiteWith(['slurm', 'pushgateway'], 'a Slurm job', () => {
  let dir: string;
  let slurm: Slurm;
  let gateway: Served;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'inferometer-slurm-'));
    gateway = await startPushgateway();
    slurm = await startSlurm({ nodes: 3, dir });
  });

  afterAll(async () => {
    await slurm?.close();
    await gateway?.stop();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  // What a failed test leaves waiting would hold up the next ones.
  afterEach(() => slurm.cancelAll());

  test('publishes from every node, keeps its exit code and leaves nothing behind', async () => {
    const job = await submit(
      ['--nodes=2', '--ntasks-per-node=4', '--gpus-per-task=1', '--mem-per-cpu=250'],
      `set -euo pipefail
       inferometer_start --pushgateway ${gateway.url.origin} --push-interval 500ms
       trap inferometer_stop EXIT
       # All CPUs, GPUs and memory of both nodes: a step that the agents must not hold up.
       srun --ntasks=8 sh -c 'echo "payload on $SLURMD_NODENAME"'
       echo "\${INFEROMETER_RUN_DIR##*/}"
       ${until('seen')}
       exit 7`,
    );
    await vi.waitFor(async () => expect(await instances(job.id)).toEqual(['mel2001', 'mel2002']), patiently);
    const agents = agentProcesses(job.id);
    expect(new Set(agents.map(({ env }) => env['SLURMD_NODENAME']))).toEqual(new Set(['mel2001', 'mel2002']));
    expect(agents.map(({ env }) => env['SLURM_STEP_GPUS'])).toEqual(['0,1,2,3', '0,1,2,3']);
    job.tell('seen');

    expect(await slurm.waitForEnd(job.id)).toEqual({ state: 'FAILED', exitCode: '7:0' });
    await vi.waitFor(async () => expect(await instances(job.id)).toEqual([]), patiently);
    expect(agentProcesses(job.id)).toEqual([]);
    for (const node of ['mel2001', 'mel2002']) {
      expect(readAgent(job.id, node)).toMatchObject({ ready: false, run: job.id, node });
    }
    const lines = job.output();
    expect(lines[0]).toBe(`inferometer: run ${job.id}, 2 of 2 nodes ready, recorded in ${dir}/runs/${job.id}`);
    expect(lines.slice(1, -2).toSorted()).toEqual([
      ...Array.from({ length: 4 }, () => 'payload on mel2001'),
      ...Array.from({ length: 4 }, () => 'payload on mel2002'),
    ]);
    expect(lines.slice(-2)).toEqual([job.id, `inferometer: stopped; the record is in ${dir}/runs/${job.id}`]);
  });

  test('ends as it would have without a Pushgateway', async () => {
    const port = await freePort();
    const job = await submit(
      ['--nodes=2'],
      `inferometer_start --pushgateway http://127.0.0.1:${port}
       sh -c 'exit 7'
       inferometer_stop
       exit $?`,
    );
    expect(await slurm.waitForEnd(job.id)).toEqual({ state: 'FAILED', exitCode: '7:0' });
    expect(job.output()).toEqual([
      expect.stringContaining('2 of 2 nodes ready'),
      expect.stringContaining('inferometer: stopped'),
    ]);
  });

  test('goes on, warned once, when the program is missing', async () => {
    const job = await submit(
      ['--nodes=2'],
      `set -euo pipefail
       export INFEROMETER=/nowhere/inferometer
       inferometer_start
       trap inferometer_stop EXIT
       exit 7`,
    );
    expect(await slurm.waitForEnd(job.id)).toEqual({ state: 'FAILED', exitCode: '7:0' });
    expect(job.output()).toEqual([
      expect.stringMatching(/^inferometer: WARNING: no program \/nowhere\/inferometer: this job is not measured/),
    ]);
    expect(existsSync(join(dir, 'runs', job.id))).toBe(false);
  });

  test('goes on, warned once with the reason, when the agents refuse their options', async () => {
    const job = await submit(
      ['--nodes=2'],
      `inferometer_start --no-such-option
       sh -c 'exit 7'
       inferometer_stop`,
    );
    expect(await slurm.waitForEnd(job.id)).toEqual({ state: 'FAILED', exitCode: '7:0' });
    expect(job.output()[0]).toMatch(/^inferometer: WARNING: the agent on mel2001, mel2002 has ended.*--no-such-option/);
  });

  test('has its groups deleted when it is cancelled', async () => {
    const job = await submit(
      ['--nodes=2'],
      `inferometer_start --pushgateway ${gateway.url.origin} --push-interval 500ms
       sleep 60`,
    );
    await vi.waitFor(async () => expect(await instances(job.id)).toHaveLength(2), patiently);
    await slurm.command('scancel', [job.id]);
    expect(await slurm.waitForEnd(job.id)).toMatchObject({ state: 'CANCELLED' });
    await vi.waitFor(async () => expect(await instances(job.id)).toEqual([]), patiently);
    expect(agentProcesses(job.id)).toEqual([]);
  });

  test('of an array stops its own agents alone', async () => {
    const job = await submit(
      ['--nodes=1', '--array=1-2'],
      `inferometer_start --pushgateway ${gateway.url.origin} --push-interval 500ms
       ${until('$SLURM_ARRAY_TASK_ID')}
       inferometer_stop`,
    );
    // The last task has the job id that names the whole array.
    const runs = [`${job.id}_1`, `${job.id}_2`] as const;
    for (const run of runs) {
      await vi.waitFor(async () => expect(await instances(run)).toHaveLength(1), patiently);
    }
    job.tell('2');
    await vi.waitFor(async () => expect(await instances(runs[1])).toEqual([]), patiently);
    expect(await instances(runs[0])).toHaveLength(1);
    expect(agentProcesses(runs[0])).not.toEqual([]);
    job.tell('1');
    expect(await slurm.waitForEnd(runs[0])).toMatchObject({ state: 'COMPLETED' });
    expect(await instances(runs[0])).toEqual([]);
  });

  test('of two components is one run with one agent on every node', async () => {
    const job = await submit(
      ['--nodes=1', '--ntasks=2', ':', '--nodes=2', '--ntasks-per-node=2'],
      `inferometer_start --pushgateway ${gateway.url.origin} --push-interval 500ms
       ${until('seen')}
       inferometer_stop`,
    );
    await vi.waitFor(async () => expect(await instances(job.id)).toEqual([...slurm.nodes]), patiently);
    expect(agentProcesses(job.id)).toHaveLength(3);
    job.tell('seen');
    expect(await slurm.waitForEnd(job.id)).toEqual({ state: 'COMPLETED', exitCode: '0:0' });
    expect(await instances(job.id)).toEqual([]);
    expect(job.output()[0]).toContain('3 of 3 nodes ready');
  });

  test.each(examples)('like the example for $name records its run and keeps its exit code', async (example) => {
    const home = mkdtempSync(join(dir, 'home-'));
    symlinkSync(repository, join(home, 'inferometer'));
    mkdirSync(join(home, 'bin'));
    writeFileSync(join(home, 'bin', example.name), example.program, { mode: 0o755 });
    const ports = await freePorts(example.ports.length);
    const script = example.ports.reduce(
      (text, port, index) => text.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${ports[index]}`),
      readFileSync(join(repository, 'sbatch/examples', `${example.name}.sbatch`), 'utf8'),
    );
    writeFileSync(
      join(home, 'job.sh'),
      script.replace('http://mel2109:9091', `${gateway.url.origin} --push-interval 500ms`),
    );
    const shape = ['--nodes=1', '--cpus-per-task=2', `--output=${home}/output`, `--chdir=${home}`];
    const variable = `--export=ALL,HOME=${home},PATH=${home}/bin:${slurm.env['PATH']},FAKE_PORT=${ports[0]}`;
    const id = await slurm.sbatch(join(home, 'job.sh'), [...shape, variable]);

    const output = () => readFileSync(join(home, 'output'), 'utf8');
    expect(await slurm.waitForEnd(id)).toMatchObject({ exitCode: example.exitCode });
    expect(output()).toContain(`inferometer: run ${id}, 1 of 1 nodes ready`);
    expect(output()).toContain('inferometer: stopped');
    for (const record of example.records) {
      expect(readdirSync(join(home, '.inferometer/runs', id, 'nodes/mel2001', record))).not.toEqual([]);
    }
    expect(await instances(id)).toEqual([]);
  });

  /** A job that has sourced the snippet. `tell` lets its script go on where it waits `until` the same word. */
  async function submit(args: readonly string[], lines: string) {
    const home = mkdtempSync(join(dir, 'job-'));
    writeFileSync(
      join(home, 'job.sh'),
      `#!/bin/bash
       export INFEROMETER_RUNS='${dir}/runs' INFEROMETER_TEST_HOME='${home}'
       source '${repository}/sbatch/inferometer.sh'
       ${lines}\n`,
    );
    const own = `--output=${home}/output`;
    const id = await slurm.sbatch(join(home, 'job.sh'), [
      own,
      ...args.flatMap((arg) => (arg === ':' ? [':', own] : arg)),
    ]);
    return {
      id,
      tell: (word: string) => writeFileSync(join(home, word), ''),
      output: () => readFileSync(join(home, 'output'), 'utf8').trimEnd().split('\n'),
    };
  }

  /** The nodes that the Pushgateway holds a group of for a run. */
  async function instances(run: string): Promise<string[]> {
    const answer = await fetch(new URL('/api/v1/metrics', gateway.url));
    const { data } = (await answer.json()) as { data: { labels: Record<string, string> }[] };
    const groups = data.map(({ labels }) => labels).filter((labels) => labels['run'] === run);
    for (const labels of groups) expect(labels['job']).toBe('inferometer');
    return groups.map((labels) => labels['instance'] ?? '').toSorted();
  }

  function readAgent(run: string, node: string): unknown {
    return JSON.parse(readFileSync(join(dir, 'runs', run, 'nodes', node, 'agent.json'), 'utf8'));
  }

  /** The agents of a run: not srun or a shell on the way to them, nor what they start. */
  function agentProcesses(run: string) {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => ({ command: procFile(pid, 'cmdline'), env: variables(procFile(pid, 'environ')) }))
      .filter(
        ({ command: [program = '', ...rest] }) => /\bnode$/.test(program) && rest.includes(join(dir, 'runs', run)),
      );
  }
});

const patiently = { timeout: 20_000, interval: 100 };

/** Gives up in the end, so that the job of a test run that was killed does not stay. */
function until(word: string): string {
  return `timeout 60 sh -c 'until [ -e "$INFEROMETER_TEST_HOME/${word}" ]; do sleep 0.1; done'`;
}

/** The strings in a file of /proc; none when the process has ended. */
function procFile(pid: string, name: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function variables(lines: readonly string[]): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(lines.map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]));
}
