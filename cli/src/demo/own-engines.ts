import { readFile } from 'node:fs/promises';
import { httpExchange } from '@inferometer/core/http-request';
import type { Engine } from '@inferometer/core/request-record';

/** Where an engine listens unless told otherwise, and what shows that it is one. */
const defaults = [
  { engine: 'ollama', port: 11434, path: '/api/version', sign: '"version"' },
  { engine: 'vllm', port: 8000, path: '/metrics', sign: 'vllm:' },
] as const satisfies readonly { engine: Engine; port: number; path: string; sign: string }[];

export interface FoundEngine {
  readonly engine: Engine;
  readonly url: URL;
  /** False when the listening socket belongs to another user. */
  readonly isOurs: boolean;
}

/** Engines that answer on their default ports of this machine. */
export async function findEngines(): Promise<readonly FoundEngine[]> {
  const found = await Promise.all(
    defaults.map(async ({ engine, port, path, sign }) => {
      const url = new URL(`http://127.0.0.1:${port}`);
      const answer = await httpExchange(new URL(path, url), { timeoutMs: 1000 }).catch(() => undefined);
      if (answer?.status !== 200 || !answer.body.includes(sign)) return [];
      return [{ engine, url, isOurs: await listensAsUs(port) }];
    }),
  );
  return found.flat();
}

async function listensAsUs(port: number): Promise<boolean> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  const owners = tables.flatMap((table) => listenerOwners(table, port));
  // No such table, no such listener in it: not Linux, where a laptop has one user.
  return owners.length === 0 || owners.includes(process.getuid?.() ?? -1);
}

/** User ids that listen on a port, from a text of /proc/net/tcp or tcp6 (man 5 proc; state 0A is LISTEN). */
export function listenerOwners(table: string, port: number): readonly number[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , uid] = line.trim().split(/\s+/);
    return state === '0A' && local.endsWith(suffix) ? [Number(uid)] : [];
  });
}
