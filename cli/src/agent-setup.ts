import { hostname, homedir } from 'node:os';
import { join } from 'node:path';
import { formatHostPort, type HostPort, isLoopback, serverName } from '@inferometer/core/address';
import type { OptionValues } from '@inferometer/core/config/options';
import { ConfigError } from '@inferometer/core/errors';
import { makePrivateDir, readSecretFile } from '@inferometer/core/files';
import { type Identity, resolveIdentity } from '@inferometer/core/identity';
import type { Log } from '@inferometer/core/log';
import { type MeteredEngine, meteredEngines } from '@inferometer/meter/routes';
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
  const { listen, 'sample-interval': interval } = values;
  const problems = meteredEngines.flatMap((engine) => checkEngine(engine, values[engine], values[`meter-${engine}`]));
  if (listen && !isLoopback(listen.host) && !values['token-file']) {
    problems.push(`--listen ${listen.host}: reachable by others, so it needs --token-file`);
  }
  if (interval < shortestIntervalMs) problems.push(`--sample-interval: at least ${shortestIntervalMs}ms`);
  if (problems.length > 0) throw new ConfigError(problems);
}

function checkEngine(engine: MeteredEngine, servers: readonly URL[], meters: readonly HostPort[]): string[] {
  const problems = duplicates(servers.map(serverName)).map((server) => `--${engine} ${server}: given twice`);
  if (meters.length > servers.length) {
    problems.push(`--meter-${engine}: given ${meters.length} times, --${engine} ${servers.length} times`);
  }
  meters.forEach((meter, at) => {
    const server = servers[at];
    if (!server || !isSameListener(meter, server)) return;
    const address = formatHostPort(meter);
    problems.push(`--meter-${engine} ${address}: there listens the server itself; give the meter another port`);
  });
  return problems;
}

/** True when a meter would listen where its server does, and so relay to itself. */
function isSameListener(meter: HostPort, engine: URL): boolean {
  const everywhere = ['0.0.0.0', '::'];
  const host = engine.hostname.replace(/^\[|\]$/g, '');
  const meets = meter.host === host || everywhere.includes(meter.host) || (isLoopback(meter.host) && isLoopback(host));
  return meets && meter.port === Number(engine.port || '80');
}

function duplicates(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
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
  return meteredPairs(values).map(({ engine, listen, upstream }) => {
    if (isLoopback(upstream.hostname) && !isLoopback(listen.host)) {
      log.warn('whoever reaches this node reaches the server through the meter', { listen: formatHostPort(listen) });
    }
    const socketPath = meterSocketPath(runDir, identity.node, serverName(upstream));
    const logPath = join(nodeDir, 'meter.log');
    return new SupervisedMeter(
      { engine, upstream, listen, runDir, node: identity.node, socketPath, logPath, program },
      log,
    );
  });
}

/** Each meter asked for, with the server behind it: they pair by position. */
export function meteredPairs(values: AgentValues) {
  return meteredEngines.flatMap((engine) =>
    values[`meter-${engine}`].flatMap((listen, at) => {
      const upstream = values[engine][at];
      return upstream ? [{ engine, listen, upstream }] : [];
    }),
  );
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
