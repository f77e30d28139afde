import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { poll } from './poll.ts';
import { type Running, start } from './programs.ts';

export interface RunningAgent extends Running {
  /** Where /metrics is. */
  readonly url: URL;
  /** Where clients of the metered engines come in, in the order of the options. */
  readonly meters: readonly URL[];
  readonly runDir: string;
}

interface AgentFile {
  readonly http: string;
  readonly meters: readonly { readonly listen: string }[];
}

/** Starts the agent from the sources, or from another program such as the bundle; resolves when it is ready. */
export async function startAgent(
  runDir: string,
  args: readonly string[],
  program: readonly string[] = ['bin/inferometer'],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningAgent> {
  const identity = ['--run-dir', runDir, '--run', 'run-1', '--node', 'node-1', '--cluster', 'test'];
  const listen = ['--listen', '127.0.0.1:0'];
  const agent = start(process.execPath, [...program, 'agent', ...identity, ...listen, ...args], env);
  const path = join(runDir, 'nodes/node-1/agent.json');
  const file = await poll(
    'agent.json',
    () => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
    agent.output,
  );
  const { http, meters } = JSON.parse(file) as AgentFile;
  const listens = meters.map((meter) => new URL(`http://${meter.listen}`));
  return { ...agent, url: new URL(`http://${http}`), meters: listens, runDir };
}
