import { hostname, homedir } from 'node:os';
import { join } from 'node:path';
import { formatHostPort, type HostPort, isLoopback, serverName } from '@inferometer/core/address';
import type { OptionValues } from '@inferometer/core/config/options';
import { ConfigError } from '@inferometer/core/errors';
import { makePrivateDir, readSecretFile } from '@inferometer/core/files';
import { type Identity, resolveIdentity } from '@inferometer/core/identity';
import type { Log } from '@inferometer/core/log';
import { meterSocketPath } from '@inferometer/exporter/meters/socket-path';
import { SupervisedMeter } from '@inferometer/exporter/meters/supervised-meter';
import { Bridge } from '@inferometer/pushgateway-bridge/bridge';
import type { CommandContext } from './command.ts';
import type { agentOptions } from './options.ts';

export type AgentValues = OptionValues<typeof agentOptions>;

/** Who we are and where this node's files go, by the agent's options. */
export interface Place {
  readonly identity: Identity;
  readonly runDir: string;
  readonly nodeDir: string;
}

/** A tick takes a few milliseconds; more often than this is all work and no job. */
const shortestIntervalMs = 50;

/** Throws a ConfigError with all that does not fit together among options that are each right. */
export function checkTogether(values: AgentValues): void {
  const { listen, ollama, 'meter-ollama': meters, 'sample-interval': interval } = values;
  const problems: string[] = [];
  if (listen && !isLoopback(listen.host) && !values['token-file']) {
    problems.push(`--listen ${listen.host}: reachable by others, so it needs --token-file`);
  }
  if (meters.length > ollama.length) {
    problems.push(`--meter-ollama: given ${meters.length} times, --ollama ${ollama.length} times`);
  }
  meters.forEach((meter, at) => {
    const engine = ollama[at];
    if (engine && isSameListener(meter, engine)) {
      problems.push(
        `--meter-ollama ${formatHostPort(meter)}: there listens the server itself; give the meter another port`,
      );
    }
  });
  for (const url of new Set(duplicates(ollama.map(serverName)))) problems.push(`--ollama ${url}: given twice`);
  if (interval < shortestIntervalMs) problems.push(`--sample-interval: at least ${shortestIntervalMs}ms`);
  if (problems.length > 0) throw new ConfigError(problems);
}

/** True when a meter would listen where its server does, and so relay to itself. */
function isSameListener(meter: HostPort, engine: URL): boolean {
  const everywhere = ['0.0.0.0', '::'];
  const host = engine.hostname.replace(/^\[|\]$/g, '');
  const meets = meter.host === host || everywhere.includes(meter.host) || (isLoopback(meter.host) && isLoopback(host));
  return meets && meter.port === Number(engine.port || '80');
}

function duplicates(names: readonly string[]): readonly string[] {
  return names.filter((name, at) => names.indexOf(name) !== at);
}

export function choosePlace(values: AgentValues, env: CommandContext['env']): Place {
  const identity = resolveIdentity(values, env, { name: hostname(), now: new Date() });
  const runs = env['INFEROMETER_RUNS'] || join(homedir(), '.inferometer', 'runs');
  const runDir = values['run-dir'] ?? join(runs, identity.run);
  const nodeDir = join(runDir, 'nodes', identity.node);
  makePrivateDir(nodeDir);
  return { identity, runDir, nodeDir };
}

/** The meters that the options ask for, none of them started. */
export function createMeters(
  values: AgentValues,
  { runDir, nodeDir, identity }: Place,
  { program, log }: CommandContext,
): readonly SupervisedMeter[] {
  return values['meter-ollama'].flatMap((listen, at) => {
    const upstream = values.ollama[at];
    if (!upstream) return [];
    if (isLoopback(upstream.hostname) && !isLoopback(listen.host)) {
      log.warn('whoever reaches this node reaches the server through the meter', { listen: formatHostPort(listen) });
    }
    const socketPath = meterSocketPath(runDir, identity.node, serverName(upstream));
    const logPath = join(nodeDir, 'meter.log');
    const setup = {
      engine: 'ollama',
      upstream,
      listen,
      runDir,
      node: identity.node,
      socketPath,
      logPath,
      program,
    } as const;
    return [new SupervisedMeter(setup, log)];
  });
}

/** The bridge that the options ask for. Nodes of a run push one after the other. */
export function createBridge(values: AgentValues, { identity }: Place, log: Log): Bridge | undefined {
  const { pushgateway: url, 'push-interval': intervalMs, 'pushgateway-password-file': passwordFile } = values;
  if (!url) return undefined;
  const { cluster, run, node, rank, nodes } = identity;
  const credentials = passwordFile && { user: values['pushgateway-user'], password: readSecretFile(passwordFile) };
  const group = { job: 'inferometer', cluster, run, instance: node };
  return new Bridge({ url, group, intervalMs, phase: rank / nodes, ...(credentials && { credentials }) }, log);
}
