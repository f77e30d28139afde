import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { formatHostPort, type HostPort } from '@inferometer/core/address';
import { ConfigError } from '@inferometer/core/errors';
import { writeJsonAtomically } from '@inferometer/core/files';
import type { MeterStatus } from '@inferometer/core/meter-status';
import type { Place } from './agent-setup.ts';

/** What an agent tells others on this file system, in `nodes/<node>/agent.json`. */
interface AgentFile {
  readonly version: 1;
  /** True from when everything is bound and a snapshot exists until the agent ends. */
  readonly ready: boolean;
  readonly run: string;
  readonly node: string;
  readonly host: string;
  readonly pid: number;
  /** When the process began, as the kernel counts; tells it from a later one of the same pid. */
  readonly process_start?: string;
  readonly started_unix_seconds: number;
  readonly http: string;
  readonly meters: readonly Pick<MeterStatus, 'engine' | 'server' | 'listen'>[];
}

const path = ({ nodeDir }: Place) => join(nodeDir, 'agent.json');

/** Throws a ConfigError when an agent of this node and run lives on this host already. */
export function refuseSecondAgent(place: Place): void {
  const other = read(path(place));
  if (!other?.ready || other.host !== hostname() || !isAlive(other)) return;
  throw new ConfigError(
    `${place.runDir}: process ${other.pid} is this run's agent on ${other.node} already; end it or give another --run-dir`,
  );
}

/** Says where we are. Throws INFEROMETER_RUN_DIR when it cannot be written. */
export function writeAgentFile(place: Place, address: HostPort, meters: readonly MeterStatus[]): void {
  const start = processStart(process.pid);
  const file: AgentFile = {
    version: 1,
    ready: true,
    run: place.identity.run,
    node: place.identity.node,
    host: hostname(),
    pid: process.pid,
    ...(start !== undefined && { process_start: start }),
    started_unix_seconds: Date.now() / 1000,
    http: formatHostPort(address),
    meters: meters.map(({ engine, server, listen }) => ({ engine, server, listen })),
  };
  writeJsonAtomically(path(place), file);
}

/** Says that we are gone. */
export function endAgentFile(place: Place): void {
  const file = read(path(place));
  if (file?.pid === process.pid) writeJsonAtomically(path(place), { ...file, ready: false });
}

function read(file: string): AgentFile | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as AgentFile;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, process_start: start }: AgentFile): boolean {
  try {
    process.kill(pid, 0);
    return processStart(pid) === start;
  } catch {
    return false;
  }
}

/** Field 22 of /proc/<pid>/stat (man 5 proc); undefined where there is no /proc. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
