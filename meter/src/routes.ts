import type { Endpoint, Engine } from '@inferometer/core/request-record';
import type { MessageHead } from './http-stream.ts';
import { OllamaTap } from './taps/ollama.ts';
import type { Tap } from './taps/tap.ts';

/** Engines whose requests can be metered, with the routes of each and what reads their answers. */
const routes = {
  ollama: {
    '/api/generate': { endpoint: 'generate', tap: () => new OllamaTap() },
    '/api/chat': { endpoint: 'chat', tap: () => new OllamaTap() },
  },
} as const satisfies Partial<Record<Engine, Record<string, { endpoint: Endpoint; tap: () => Tap }>>>;

export type MeteredEngine = keyof typeof routes;
export const meteredEngines = Object.keys(routes) as readonly MeteredEngine[];

/** The endpoint that a request is for; undefined for one that is relayed unmetered. */
export function endpointOf(engine: MeteredEngine, { method, path }: MessageHead): Endpoint | undefined {
  if (method !== 'POST') return undefined;
  const known: Readonly<Record<string, { endpoint: Endpoint }>> = routes[engine];
  const route = routeOf(path);
  return route !== undefined && Object.hasOwn(known, route) ? known[route]?.endpoint : undefined;
}

/** The route of a request target, as a server reads it: absolute form, query and percent-encoding taken off. */
function routeOf(target: string): string | undefined {
  if (!URL.canParse(target, 'http://engine')) return undefined;
  try {
    return decodeURIComponent(new URL(target, 'http://engine').pathname);
  } catch {
    return undefined;
  }
}

/** What reads the answers of an endpoint. */
export function tapOf(engine: MeteredEngine, endpoint: Endpoint): Tap {
  const route = Object.values(routes[engine]).find((candidate) => candidate.endpoint === endpoint);
  if (!route) throw new Error(`${engine} has no endpoint ${endpoint}`);
  return route.tap();
}
