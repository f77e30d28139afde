import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Children } from './children.ts';

/** What an agent says of itself in agent.json. */
export interface AgentFile {
  readonly http: string;
  readonly meters: readonly { readonly engine: string; readonly server: string; readonly listen: string }[];
}

/** Starts an agent on a run directory of its own; resolves when it has taken its first snapshot. */
export function startAgent(
  children: Children,
  program: readonly [string, ...string[]],
  runDir: string,
  args: readonly string[],
): Promise<AgentFile> {
  const [command, ...before] = program;
  const identity = ['--run-dir', runDir, '--run', 'demo', '--cluster', 'demo', '--node', 'laptop'];
  const setup = { name: 'agent', command, args: [...before, 'agent', ...identity, ...args] };
  return children.start(setup, () => Promise.resolve(readAgentFile(join(runDir, 'nodes', 'laptop', 'agent.json'))));
}

function readAgentFile(path: string): AgentFile | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as AgentFile;
  } catch {
    return undefined;
  }
}
