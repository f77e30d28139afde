import { execa } from 'execa';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const folder = join(import.meta.dirname, '..');
const fakes = join(import.meta.dirname, 'fakes');
const node = hostname().split('.')[0];
const ours = { INFEROMETER: join(fakes, 'inferometer') };
const job = {
  ...ours,
  PATH: `${fakes}:${process.env['PATH']}`,
  SLURM_JOB_ID: '4711',
  SLURM_JOB_NUM_NODES: '1',
  SLURM_JOB_NODELIST: 'mel2001',
  SLURM_JOB_NAME: 'trial',
};

let runs: string;

beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), 'inferometer-snippet-'));
});

afterEach(() => rmSync(runs, { recursive: true }));

type Environment = Readonly<Record<string, string>>;

/** Runs the lines in a bash that has sourced the snippet, with nothing of Slurm but what `env` holds. */
async function script(text: string, env: Environment = ours, snippet = join(folder, 'inferometer.sh')) {
  const outer = Object.entries(process.env).filter(([name]) => !/^(SLURM|INFEROMETER)/.test(name));
  const result = await execa('bash', ['-c', `source '${snippet}'\n${text}`], {
    env: { ...Object.fromEntries(outer), INFEROMETER_RUNS: runs, ...env },
    extendEnv: false,
    reject: false,
  });
  return { exitCode: result.exitCode, output: result.stdout.split('\n'), warnings: result.stderr.split('\n') };
}

function lines(file: string): string[] {
  return readFileSync(join(runs, file), 'utf8').split('\n');
}

function runIds(): string[] {
  return readdirSync(runs, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

describe('inferometer_stop', () => {
  test.for([
    ['after a failure', "inferometer_start; sh -c 'exit 7'; inferometer_stop; exit $?"],
    ['called twice', "inferometer_start; sh -c 'exit 7'; inferometer_stop; inferometer_stop; exit $?"],
    ['called without a start', "sh -c 'exit 7'; inferometer_stop; exit $?"],
    ['from a trap, after exit', 'inferometer_start; trap inferometer_stop EXIT; exit 7'],
    ['from a trap, after errexit', "set -euo pipefail; inferometer_start; trap inferometer_stop EXIT; sh -c 'exit 7'"],
    ['from a trap, without a program', 'INFEROMETER=/no; inferometer_start; trap inferometer_stop EXIT; exit 7'],
  ] as const)('leaves the exit code as it was: %s', async ([, text]) => {
    expect((await script(text)).exitCode).toBe(7);
  });

  test('returns when the agent has ended, and says where the record is', async () => {
    const { output, warnings } = await script('inferometer_start; inferometer_stop; kill -0 "$INFEROMETER_PID"');
    const [run] = runIds();
    expect(output[1]).toBe(`inferometer: stopped; the record is in ${runs}/${run}`);
    expect(warnings).toHaveLength(1);
    expect(lines(`${run}/nodes/${node}/agent.log`)).toContain('TERM');
  });

  test('says that the agent had ended by itself', async () => {
    const { exitCode, warnings } = await script(
      'inferometer_start; kill -KILL "$INFEROMETER_PID"; sleep 0.1; inferometer_stop',
    );
    expect(exitCode).toBe(0);
    expect(warnings).toEqual([
      `inferometer: WARNING: the agents had ended before; see the logs under ${runs}/${runIds()[0]}`,
    ]);
  });
});

describe('inferometer_start', () => {
  test('says where it is once the agent is ready, and exports the run directory', async () => {
    const { output, warnings } = await script('inferometer_start; printenv INFEROMETER_RUN_DIR; inferometer_stop');
    const [run] = runIds();
    expect(run).toMatch(new RegExp(`^local-\\d{8}T\\d{6}Z-${node}$`));
    expect(output[0]).toBe(`inferometer: run ${run}, 1 of 1 nodes ready, recorded in ${runs}/${run}`);
    expect(output[1]).toBe(join(runs, run ?? ''));
    expect(warnings).toEqual(['']);
  });

  test('is no trouble to a strict script, nor disturbed by a strange one', async () => {
    const { exitCode, output, warnings } = await script(`
      set -Eeuo pipefail -o noclobber -f
      IFS=:; shopt -s failglob; readonly run=1 run_dir=2 pid=3 status=4 program=5 node=6
      sleep() { echo shadowed; }; grep() { echo shadowed; }; trap 'echo ERR' ERR; trap 'echo USR1' USR1
      command sleep 60 & background=$!
      before=; after=
      before=$(compgen -v; set +o; shopt; trap)
      inferometer_start; inferometer_stop
      after=$(compgen -v; set +o; shopt; trap)
      diff <(echo "$before") <(echo "$after") | command grep '^[<>]' || :
      [[ $background == $! ]] && kill "$background" && wait "$background" || exit 7`);
    expect({ exitCode, warnings }).toEqual({ exitCode: 7, warnings: [''] });
    expect(output.slice(2)).toEqual(['> INFEROMETER_PID', '> INFEROMETER_RUN_DIR']);
  });

  test("leaves the agent out of the script's own wait", async () => {
    const { output } = await script('inferometer_start; sleep 0.1 & wait; echo waited; inferometer_stop');
    expect(output[1]).toBe('waited');
  });

  test('warns once, with the end of the log, when the agent does not come up', async () => {
    const env = { ...ours, FAKE_FAILURE: 'inferometer agent: unknown option --colour' };
    const { exitCode, output, warnings } = await script('inferometer_start --colour red; inferometer_stop', env);
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: [''] });
    expect(warnings[0]).toMatch(new RegExp(`WARNING: the agent on ${node} has ended; .*agent.log.*--colour$`));
  });

  test('waits no longer than told and lets a late agent go on', async () => {
    const env = { ...ours, FAKE_DELAY: '2', INFEROMETER_START_TIMEOUT: '1' };
    const { output, warnings } = await script('inferometer_start; inferometer_stop', env);
    expect(output[0]).toContain('0 of 1 nodes ready');
    expect(warnings[0]).toContain(`the agent on ${node} is not ready yet; the job goes on`);
    expect(output[1]).toContain('stopped');
  });

  test('is not content with the agent.json of an agent before', async () => {
    const { output, warnings } = await script(
      'inferometer_start; inferometer_stop; export FAKE_FAILURE=no; inferometer_start',
      { ...ours, INFEROMETER_RUN: 'twice' },
    );
    expect(output).toHaveLength(2);
    expect(warnings[0]).toContain('has ended');
  });

  test('starts nothing twice', async () => {
    const { exitCode, warnings } = await script('inferometer_start; inferometer_start; inferometer_stop');
    expect(exitCode).toBe(0);
    expect(warnings[0]).toBe(`inferometer: WARNING: already started, in ${runs}/${runIds()[0]}`);
    expect(runIds()).toHaveLength(1);
  });

  test.for([
    ['--run trial-7', 'trial-7'],
    ['--run=trial-7', 'trial-7'],
    ['--run-dir="$INFEROMETER_RUNS/elsewhere"', 'elsewhere'],
  ] as const)('follows %s', async ([options, name]) => {
    const { output } = await script(`inferometer_start ${options}; inferometer_stop`);
    expect(output[1]).toBe(`inferometer: stopped; the record is in ${runs}/${name}`);
    expect(existsSync(join(runs, name, 'nodes', node ?? '', 'agent.log'))).toBe(true);
  });

  test('warns once when the run directory cannot be made', async () => {
    const { exitCode, output, warnings } = await script('inferometer_start; inferometer_stop', {
      ...ours,
      INFEROMETER_RUNS: '/proc/none',
    });
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: [''] });
    expect(warnings[0]).toMatch(/WARNING: \/proc\/none\/local-.* cannot be written/);
  });
});

describe('the program', () => {
  const start = 'inferometer_start; inferometer_stop';

  test('is the one in PATH for a copy of the snippet that stands alone', async () => {
    cpSync(join(folder, 'inferometer.sh'), join(runs, 'sbatch/inferometer.sh'));
    const { output } = await script(start, { PATH: job.PATH }, join(runs, 'sbatch/inferometer.sh'));
    expect(output[0]).toContain('1 of 1 nodes ready');
  });

  test('is the bundle beside the snippet, run by INFEROMETER_NODEJS', async () => {
    cpSync(join(folder, 'inferometer.sh'), join(runs, 'sbatch/inferometer.sh'));
    mkdirSync(join(runs, 'dist'));
    cpSync(join(fakes, 'inferometer'), join(runs, 'dist/inferometer.mjs'));
    const { output } = await script(start, { INFEROMETER_NODEJS: 'bash' }, join(runs, 'sbatch/inferometer.sh'));
    expect(output[0]).toContain('1 of 1 nodes ready');
  });

  test('is named when it is missing', async () => {
    const { exitCode, output, warnings } = await script(start, { INFEROMETER: '/nowhere/inferometer' });
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: [''] });
    expect(warnings[0]).toMatch(/^inferometer: WARNING: no program \/nowhere\/inferometer: this job is not measured/);
    expect(runIds()).toEqual([]);
  });
});

describe('in a Slurm job', () => {
  const start = 'inferometer_start --pushgateway http://127.0.0.1:9; inferometer_stop';

  test.for([
    ['4711', {}],
    ['4711.r2', { SLURM_RESTART_COUNT: '2' }],
    ['4700_3', { SLURM_ARRAY_JOB_ID: '4700', SLURM_ARRAY_TASK_ID: '3' }],
    ['4700_3.r1', { SLURM_ARRAY_JOB_ID: '4700', SLURM_ARRAY_TASK_ID: '3', SLURM_RESTART_COUNT: '1' }],
    ['4710', { SLURM_HET_JOB_ID: '4710' }],
  ] as const)('the run is %s', async ([run, env]) => {
    expect((await script(start, { ...job, ...env })).warnings).toEqual(['']);
    expect(runIds()).toEqual([run]);
  });

  test('one overlapped step starts one agent per node, whatever shape the job has', async () => {
    const shape = {
      SLURM_NTASKS: '8',
      SLURM_NTASKS_PER_NODE: '4',
      SLURM_CPUS_PER_TASK: '16',
      SLURM_MEM_PER_CPU: '100',
      SLURM_GPUS_PER_TASK: '1',
      SLURM_GPU_BIND: 'single:1',
      SLURM_TRES_PER_TASK: 'gres/gpu=1',
      SLURM_HINT: 'nomultithread',
    };
    const { output } = await script(start, { ...job, ...shape, SLURM_GPUS_ON_NODE: '4' });
    expect(output[0]).toContain('1 of 1 nodes ready');
    const seen = lines('srun');
    const options =
      '--overlap --nodes=1 --ntasks-per-node=1 --cpus-per-task=1 --mem=0 --gpu-bind=none --mpi=none --wait=0 ' +
      '--kill-on-bad-exit=0 --job-name=inferometer --export=ALL --input=none';
    expect(seen.filter((line) => line.startsWith('option '))).toEqual(
      options.split(' ').map((option) => `option ${option}`),
    );
    for (const name of Object.keys(shape)) expect(seen.join('\n')).not.toContain(`${name}=`);
    expect(seen).toContain('declare -x SLURM_GPUS_ON_NODE="4"');
  });

  test('the step asks for as many GPUs as every node has', async () => {
    await script(start, { ...job, FAKE_GPUS: '6' });
    expect(lines('srun')).toContain('option --gpus-per-node=2');
  });

  test("the agent gets the run, its options and the job's own name", async () => {
    await script(start, { ...job, INFEROMETER_OLLAMA: 'http://127.0.0.1:11434' });
    const seen = lines('seen');
    expect(seen.filter((line) => line.startsWith('argument '))).toEqual(
      ['agent', '--run', '4711', '--run-dir', join(runs, '4711'), '--pushgateway', 'http://127.0.0.1:9'].map(
        (argument) => `argument ${argument}`,
      ),
    );
    expect(seen).toContain('declare -x SLURM_JOB_NAME="trial"');
    expect(seen).toContain('declare -x INFEROMETER_OLLAMA="http://127.0.0.1:11434"');
  });

  test('a run of another job, inherited through sbatch, is not taken for this one', async () => {
    const inherited = { INFEROMETER_RUN_DIR: join(runs, '1'), INFEROMETER_PID: String(process.pid) };
    const { output } = await script(start, { ...job, ...inherited });
    expect(output[0]).toContain(`recorded in ${runs}/4711`);
    expect(runIds()).toEqual(['4711']);
  });
});
