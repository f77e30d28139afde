import { readFile } from 'node:fs/promises';
import { isLoopback } from '@inferometer/core/address';
import { httpExchange } from '@inferometer/core/http-request';
import { type Engine, engines } from '@inferometer/core/request-record';

/** What shows that a server is an engine. */
const signs: Readonly<Record<Engine, { readonly path: string; readonly text: string }>> = {
  ollama: { path: '/api/version', text: '"version"' },
  vllm: { path: '/metrics', text: 'vllm:' },
};

export interface FoundEngine {
  readonly engine: Engine;
  readonly url: URL;
  /** False when the listening socket belongs to another user of this machine. */
  readonly isOurs: boolean;
}

/** Those of these engines that answer. */
export async function findEngines(candidates: Readonly<Record<Engine, URL>>): Promise<readonly FoundEngine[]> {
  const found = engines.map(async (engine) => {
    const url = candidates[engine];
    const { path, text } = signs[engine];
    const answer = await httpExchange(new URL(path, url), { timeoutMs: 1000 }).catch(() => undefined);
    const isEngine = answer?.status === 200 && answer.body.includes(text);
    return isEngine
      ? [{ engine, url, isOurs: !isLoopback(url.hostname) || (await listensAsUs(Number(url.port))) }]
      : [];
  });
  return (await Promise.all(found)).flat();
}

async function listensAsUs(port: number): Promise<boolean> {
  const paths = ['/proc/net/tcp', '/proc/net/tcp6'];
  const tables = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
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
