import type { Endpoint, Engine } from '@inferometer/core/request-record';
import type { MessageHead } from './http-stream.ts';
import { messagesWire } from './taps/anthropic.ts';
import { ollamaEmbedWire, ollamaWire } from './taps/ollama.ts';
import { completionsWire, embeddingsWire, responsesWire } from './taps/openai.ts';
import type { Wire } from './taps/wire.ts';

interface Route {
  readonly endpoint: Endpoint;
  readonly wire: Wire;
}

const openAiRoutes = {
  '/v1/chat/completions': { endpoint: 'v1_chat', wire: completionsWire },
  '/v1/completions': { endpoint: 'v1_completions', wire: completionsWire },
  '/v1/responses': { endpoint: 'v1_responses', wire: responsesWire },
  '/v1/messages': { endpoint: 'v1_messages', wire: messagesWire },
  '/v1/embeddings': { endpoint: 'v1_embeddings', wire: embeddingsWire },
} as const satisfies Readonly<Record<string, Route>>;

/** Engines whose requests can be metered, with the routes of each and the wire format of their answers. */
const routes = {
  ollama: {
    '/api/generate': { endpoint: 'generate', wire: ollamaWire },
    '/api/chat': { endpoint: 'chat', wire: ollamaWire },
    '/api/embed': { endpoint: 'embed', wire: ollamaEmbedWire },
    ...openAiRoutes,
  },
  vllm: openAiRoutes,
} as const satisfies Partial<Record<Engine, Readonly<Record<string, Route>>>>;

export type MeteredEngine = keyof typeof routes;
export const meteredEngines = Object.keys(routes) as readonly MeteredEngine[];

/** The endpoint that a request is for; undefined for one that is relayed unmetered. */
export function endpointOf(engine: MeteredEngine, { method, path }: MessageHead): Endpoint | undefined {
  if (method !== 'POST') return undefined;
  const known: Readonly<Record<string, { endpoint: Endpoint }>> = routes[engine];
  const route = Object.hasOwn(known, path) ? path : routeOf(path);
  return route !== undefined && Object.hasOwn(known, route) ? known[route]?.endpoint : undefined;
}

/** The route of a request target, as a server reads it: absolute form, query and percent-encoding taken off. */
function routeOf(target: string): string | undefined {
  try {
    return decodeURIComponent(new URL(target, 'http://engine').pathname);
  } catch {
    return undefined;
  }
}

/** The wire format of an endpoint's answers. */
export function wireOf(engine: MeteredEngine, endpoint: Endpoint): Wire {
  const known: readonly Route[] = Object.values(routes[engine]);
  const route = known.find((candidate) => candidate.endpoint === endpoint);
  if (!route) throw new Error(`${engine} has no endpoint ${endpoint}`);
  return route.wire;
}
