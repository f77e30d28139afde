import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './programs.ts';

export interface SlurmOptions {
  readonly nodes: number;
  /** An existing folder for configuration, state and logs; short, since sockets in it may have 108 bytes. */
  readonly dir: string;
}

/** A Slurm of its own on this host: it shares nothing with one that the host may run. */
export interface Slurm {
  /** The environment that Slurm's commands need to talk to this Slurm. */
  readonly env: Readonly<Record<string, string>>;
  readonly nodes: readonly string[];
  /** Submits the script at this path; args stand before it. Rejects with sbatch's message. */
  sbatch(script: string, args?: readonly string[]): Promise<string>;
  /** Runs one of Slurm's commands, such as squeue, and returns what it writes. */
  command(program: string, args: readonly string[]): Promise<string>;
  /** Resolves when the job and everything it started have ended; exitCode as Slurm writes it, `<code>:<signal>`. */
  waitForEnd(jobId: string, timeoutMs?: number): Promise<{ readonly state: string; readonly exitCode: string }>;
  /** Cancels what still runs and resolves when it has ended. */
  cancelAll(): Promise<void>;
  /** Cancels what still runs and resolves when no process of this Slurm is left. */
  close(): Promise<void>;
}

const searchPath = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
const running = new Set(['PENDING', 'RUNNING', 'COMPLETING', 'CONFIGURING', 'SUSPENDED', 'STOPPED']);

/** Starts munged, slurmctld and one slurmd per node, and resolves when every node is idle. */
export async function startSlurm({ nodes: count, dir }: SlurmOptions): Promise<Slurm> {
  const nodes = Array.from({ length: count }, (_, index) => `mel${2001 + index}`);
  const [controlPort = 0, ...nodePorts] = await freePorts(count + 1);
  const config = join(dir, 'slurm.conf');
  writeFileSync(
    config,
    slurmConf(dir, controlPort, new Map(nodes.map((node, index) => [node, nodePorts[index] ?? 0]))),
  );
  writeFileSync(join(dir, 'gres.conf'), gresConf);
  for (const folder of ['munge', 'state', 'log', ...nodes]) mkdirSync(join(dir, folder), { mode: 0o755 });
  writeFileSync(join(dir, 'munge/key-file'), randomBytes(1024), { mode: 0o600 });

  const env = { ...outsideSlurm(process.env), PATH: searchPath.join(delimiter), SLURM_CONF: config };
  const daemons: Daemon[] = [];
  const start = (program: string, args: readonly string[], name = program) =>
    daemons.push(new Daemon(program, args, join(dir, 'log', name), env));
  const command = async (program: string, args: readonly string[]) =>
    (await execa(program, args, { env, extendEnv: false, timeout: 20_000 })).stdout;
  const stopDaemons = async () => {
    for (const daemon of daemons.toReversed()) await daemon.stop();
  };

  try {
    start('munged', mungedArguments(join(dir, 'munge')));
    await until('munged to listen', daemons, () => existsSync(join(dir, 'munge/socket')));
    start('slurmctld', ['-D', '-c', '-f', config]);
    await until('slurmctld to answer', daemons, async () => (await command('scontrol', ['ping'])).includes(' is UP'));
    for (const node of nodes) start('slurmd', ['-D', '-N', node, '-f', config], node);
    await until('every node to be idle', daemons, async () => {
      const states = await command('sinfo', ['--noheader', '--Node', '--format=%T']);
      return states.split('\n').every((state) => state === 'idle');
    });
  } catch (error) {
    await stopDaemons();
    throw error;
  }

  return {
    env,
    nodes,
    command,
    cancelAll: () => cancelAll(command),
    close: async () => {
      try {
        await cancelAll(command);
      } finally {
        await stopDaemons();
      }
    },
    sbatch: async (script, args = []) => (await command('sbatch', ['--parsable', ...args, script])).split(';')[0] ?? '',
    waitForEnd: async (jobId, timeoutMs = 60_000) => {
      let job = await showJob(command, jobId);
      await until(
        `job ${jobId} to end`,
        daemons,
        async () => {
          job = await showJob(command, jobId);
          return !running.has(job.state);
        },
        timeoutMs,
      );
      return job;
    },
  };
}

/** A program in the foreground; it dies with this process. */
class Daemon {
  readonly #log: string;
  readonly #process: ReturnType<typeof runInForeground>;
  #ended = false;

  constructor(program: string, args: readonly string[], log: string, env: NodeJS.ProcessEnv) {
    this.#log = log;
    this.#process = runInForeground(program, args, log, env);
    void this.#process.then(() => (this.#ended = true));
  }

  assertRuns(): void {
    if (this.#ended) throw new Error(`ended: ${this.#log}:\n${readFileSync(this.#log, 'utf8').slice(-1000)}`);
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.#process;
  }
}

function runInForeground(program: string, args: readonly string[], log: string, env: NodeJS.ProcessEnv) {
  const output = { file: log };
  return execa(program, args, {
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    stdout: output,
    stderr: output,
  });
}

type Command = (program: string, args: readonly string[]) => Promise<string>;

async function showJob(command: Command, jobId: string): Promise<{ state: string; exitCode: string }> {
  const text = await command('scontrol', ['show', 'job', '--oneliner', jobId]);
  const field = (name: string) => new RegExp(`\\b${name}=(\\S+)`).exec(text)?.[1] ?? '';
  return { state: field('JobState'), exitCode: field('ExitCode') };
}

async function cancelAll(command: Command): Promise<void> {
  const jobs = async () => (await command('squeue', ['--noheader', '--format=%A'])).split('\n').filter(Boolean);
  const left = await jobs();
  if (left.length > 0) await command('scancel', left);
  await until('all jobs to end', [], async () => (await jobs()).length === 0, 30_000);
}

async function until(
  what: string,
  daemons: readonly Daemon[],
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let problem: unknown;
  while (performance.now() < deadline) {
    for (const daemon of daemons) daemon.assertRuns();
    try {
      if (await holds()) return;
    } catch (error) {
      problem = error;
    }
    await sleep(50);
  }
  throw new Error(`waited ${timeoutMs / 1000} s for ${what}`, { cause: problem });
}

function slurmConf(dir: string, controlPort: number, nodePorts: ReadonlyMap<string, number>): string {
  const host = hostname().split('.')[0];
  const nodes = [...nodePorts].map(
    ([node, port]) =>
      `NodeName=${node} NodeHostName=${host} NodeAddr=127.0.0.1 Port=${port} CPUs=4 RealMemory=1000 Gres=gpu:4 State=UNKNOWN`,
  );
  return `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${controlPort}
SlurmctldPidFile=${dir}/slurmctld.pid
SlurmdPidFile=${dir}/%n/slurmd.pid
SlurmdSpoolDir=${dir}/%n
StateSaveLocation=${dir}/state
SlurmUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=${dir}/munge/socket,cred_expire=5
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
GresTypes=gpu
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerNode=100
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1
KillWait=10
ReturnToService=2
MailProg=/bin/true
${nodes.join('\n')}
PartitionName=gpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}

/** Four GPUs a node, as far as Slurm counts and grants them: devices that every machine has stand in for theirs. */
const gresConf = ['null', 'zero', 'full', 'random'].map((name) => `Name=gpu File=/dev/${name}\n`).join('');

/** With force, since the folder is its owner's alone: it is the only user here. */
function mungedArguments(dir: string): string[] {
  const files = ['key-file', 'pid-file', 'log-file', 'seed-file', 'socket'].map((name) => `--${name}=${dir}/${name}`);
  return ['--foreground', '--force', ...files];
}

/** Without the variables of a monitored Slurm job that this process may itself run in. */
function outsideSlurm(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !/^(SLURM|SBATCH|SRUN|INFEROMETER)/.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, value ?? '']));
}
