import { ConfigError } from './errors.ts';

/** Who produces these readings: the labels that a target carries, and the node's place among the run's nodes. */
export interface Identity {
  readonly cluster: string;
  readonly run: string;
  /** Short host name; the `instance` label. */
  readonly node: string;
  /** 0 for the first node of the run. */
  readonly rank: number;
  readonly nodes: number;
}

export interface IdentityOptions {
  readonly run?: string | undefined;
  readonly node?: string | undefined;
  readonly cluster?: string | undefined;
}

/**
 * Identity from options, else from Slurm's environment, else local. An array task runs as
 * `<array job>_<task>`, a heterogeneous job under its leader's id, a requeued one with `.r<restart>` behind.
 * Throws a ConfigError when a part cannot stand in a path or a URL.
 */
export function resolveIdentity(
  options: IdentityOptions,
  env: Readonly<Record<string, string | undefined>>,
  host: { readonly name: string; readonly now: Date },
): Identity {
  const node = options.node ?? (env['SLURMD_NODENAME'] || shortName(host.name));
  const identity = {
    cluster: options.cluster ?? (env['SLURM_CLUSTER_NAME'] || 'local'),
    run: options.run ?? slurmRun(env) ?? `local-${compactTime(host.now)}-${node}`,
    node,
    rank: count(env['SLURM_NODEID']) ?? 0,
    nodes: count(env['SLURM_JOB_NUM_NODES']) ?? count(env['SLURM_NNODES']) ?? 1,
  };
  const problems = (['cluster', 'run', 'node'] as const).flatMap((key) =>
    isSafeName(identity[key]) ? [] : [`${key}: "${identity[key]}" may hold letters, digits, ".", "_" and "-" alone`],
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return identity;
}

/** True for a text that is one path segment and one URL segment as it stands, at most 128 characters. */
export function isSafeName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(text);
}

function slurmRun(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const id = env['SLURM_HET_JOB_ID'] || env['SLURM_JOB_ID'];
  if (!id) return undefined;
  const arrayJob = env['SLURM_ARRAY_JOB_ID'];
  const base = arrayJob ? `${arrayJob}_${env['SLURM_ARRAY_TASK_ID'] ?? ''}` : id;
  const restarts = count(env['SLURM_RESTART_COUNT']) ?? 0;
  return restarts > 0 ? `${base}.r${restarts}` : base;
}

function shortName(host: string): string {
  return host.split('.')[0] ?? host;
}

function compactTime(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, '');
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
