import { type Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Outcome } from '@inferometer/core/request-record';

/** A request to an Ollama server. */
export interface Ask {
  /** Sent as X-Request-ID, by which its record is found. */
  readonly id: string;
  readonly path: '/api/generate' | '/api/chat';
  readonly model: string;
  readonly prompt: string;
  readonly stream: boolean;
  readonly tokens: number;
  /** When the client leaves, if it does. */
  readonly leaves: 'in its upload' | 'before the answer' | 'in the answer' | undefined;
}

/** What the client of a request knows about it. Times by `performance.now()`. */
export interface Seen {
  readonly ask: Ask;
  readonly began: number;
  readonly ended: number;
  /** `broken`: by the other side, before the answer was whole. `refused`: there was no connection. */
  readonly end: 'whole' | 'broken' | 'left' | 'refused';
  /** It went over a connection that had carried others, so that it may have been sent to nobody. */
  readonly reused: boolean;
  readonly status: number | undefined;
  readonly text: string;
}

/** Sends a request and reads its answer to whatever end. Never rejects. */
export async function send(url: URL, ask: Ask, agent: Agent): Promise<Seen> {
  const body = JSON.stringify(bodyOf(ask));
  const began = performance.now();
  const headers = { 'X-Request-ID': ask.id, 'Content-Length': body.length };
  const request = httpRequest(new URL(ask.path, url), { method: 'POST', agent, headers });
  let end: Seen['end'] | undefined;
  let status: number | undefined;
  let text = '';
  const leave = (): void => {
    end ??= 'left';
    request.destroy();
  };
  request.on('error', ({ code }: NodeJS.ErrnoException) => (end ??= code === 'ECONNREFUSED' ? 'refused' : 'broken'));
  request.on('response', (response: IncomingMessage) => {
    status = response.statusCode;
    response.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (ask.leaves === 'in the answer') leave();
    });
    response.on('error', () => (end ??= 'broken'));
    response.on('end', () => (end ??= response.complete ? 'whole' : 'broken'));
  });
  const closed = new Promise((resolve) => request.once('close', resolve));
  if (ask.leaves === 'in its upload') request.write(body.slice(0, body.length / 2), leave);
  else request.end(body, () => ask.leaves === 'before the answer' && leave());
  await closed;
  return { ask, began, ended: performance.now(), end: end ?? 'broken', reused: request.reusedSocket, status, text };
}

/**
 * Outcomes that a meter may have recorded for what a client saw; `none` is no record. There is more than one where
 * the client cannot know: what an engine that was `down` did to a request that its client had given up, and whether
 * what was sent over a used connection that turned out to be closed reached anybody.
 */
export function outcomesOf(seen: Seen, down: boolean): readonly (Outcome | 'none')[] {
  if (seen.end === 'refused') return ['none'];
  if (seen.end === 'left') return down ? ['aborted', 'server_error', 'truncated'] : ['aborted'];
  if (seen.status === undefined) return seen.reused ? ['server_error', 'none'] : ['server_error'];
  if (seen.status === 503) return ['overloaded'];
  if (seen.status >= 500) return ['server_error'];
  if (seen.status >= 400) return ['client_error'];
  if (seen.text.includes('"error":')) return ['server_error'];
  return [seen.text.includes('"done":true') ? 'ok' : 'truncated'];
}

function bodyOf({ path, model, prompt, stream, tokens }: Ask): object {
  const asked = path === '/api/chat' ? { messages: [{ role: 'user', content: prompt }] } : { prompt };
  return { model, ...asked, stream, options: { num_predict: tokens } };
}
