import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http';
import type { Kind } from './load-mix.ts';

export type Outcome = 'ok' | 'client_error' | 'server_error' | 'aborted' | 'truncated';

export interface LoadRequest {
  readonly url: URL;
  readonly model: string;
  readonly kind: Kind;
  readonly stream: boolean;
  /** Words of the prompt, and tokens to ask for. */
  readonly promptTokens: number;
  readonly tokens: number;
  readonly agent: Agent;
  /** Gives the request up from outside; it then counts as aborted. */
  readonly stop: AbortSignal;
}

/** How a request ended for its client. Tokens are those that the server reported in a complete answer. */
export interface LoadResult {
  readonly outcome: Outcome;
  readonly promptTokens: number;
  readonly generatedTokens: number;
  /** False when not even a head came back. */
  readonly answered: boolean;
}

/** The parts of both engines' objects that tell how an answer goes. */
interface Piece {
  readonly done?: boolean;
  readonly error?: unknown;
  readonly prompt_eval_count?: number;
  readonly eval_count?: number;
  readonly choices?: readonly { readonly finish_reason?: string | null }[];
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
}

const words = ['count', 'the', 'trees', 'by', 'the', 'river', 'and', 'tell'];
const faultWords: Readonly<Partial<Record<Kind, string>>> = {
  error: 'FAIL500',
  busy: 'FAILBUSY',
  'stream-error': 'FAILSTREAM',
  truncate: 'TRUNCATE',
  drop: 'DROP',
};

/** Sends one request and reads its answer to the end, or leaves as its kind asks. Never rejects. */
export function sendLoadRequest(load: LoadRequest): Promise<LoadResult> {
  const body = JSON.stringify(bodyOf(load));
  return new Promise((resolve) => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const request = httpRequest(load.url, { method: 'POST', agent: load.agent, headers });
    const leave = () => {
      settle(lost('aborted'));
      request.destroy();
    };
    const leaving = load.kind === 'abort' && !load.stream ? setTimeout(leave, 20) : undefined;
    const settle = (result: LoadResult) => {
      clearTimeout(leaving);
      load.stop.removeEventListener('abort', leave);
      resolve(result);
    };
    load.stop.addEventListener('abort', leave);
    request.on('error', () => settle({ ...lost('server_error'), answered: false }));
    request.on('response', (response) => {
      if (load.kind === 'abort' && load.stream) response.once('data', leave);
      readAnswer(response).then(settle, () => settle(lost('truncated')));
    });
    request.end(body);
  });
}

function lost(outcome: Outcome): LoadResult {
  return { outcome, promptTokens: 0, generatedTokens: 0, answered: true };
}

async function readAnswer(response: IncomingMessage): Promise<LoadResult> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const lines = text.split('\n').map((line) => line.replace(/^data: ?/, '').trim());
  const pieces = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Piece);
  const sse = (response.headers['content-type'] ?? '').startsWith('text/event-stream');
  const outcome = outcomeOf(response.statusCode ?? 0, pieces, sse ? lines : undefined);
  if (outcome !== 'ok') return lost(outcome);
  return {
    outcome,
    promptTokens: sum(pieces, (piece) => piece.usage?.prompt_tokens ?? piece.prompt_eval_count),
    generatedTokens: sum(pieces, (piece) => piece.usage?.completion_tokens ?? piece.eval_count),
    answered: true,
  };
}

/** `sseLines` are the lines of an event stream, which must end with `[DONE]`. */
function outcomeOf(status: number, pieces: readonly Piece[], sseLines: readonly string[] | undefined): Outcome {
  if (status >= 500 || (status < 400 && pieces.some(({ error }) => error !== undefined))) return 'server_error';
  if (status >= 400) return 'client_error';
  const ended = pieces.some(({ done, choices }) => done === true || choices?.some((choice) => choice.finish_reason));
  return ended && (sseLines === undefined || sseLines.includes('[DONE]')) ? 'ok' : 'truncated';
}

function bodyOf({ url, model, kind, stream, promptTokens, tokens }: LoadRequest): object {
  const fault = faultWords[kind];
  const plain = Array.from({ length: promptTokens }, (_, index) => words[index % words.length] ?? '');
  const text = (fault === undefined ? plain : [fault, ...plain.slice(1)]).join(' ');
  const prompt = /\/(chat|chat\/completions)$/.test(url.pathname)
    ? { messages: [{ role: 'user', content: text }] }
    : { prompt: text };
  const limits = url.pathname.startsWith('/api/')
    ? { options: { num_predict: tokens } }
    : { max_tokens: tokens, ...(stream && { stream_options: { include_usage: true } }) };
  return { model: kind === 'missing' ? `${model}-missing` : model, ...prompt, stream, ...limits };
}

function sum(pieces: readonly Piece[], figure: (piece: Piece) => number | undefined): number {
  return pieces.reduce((total, piece) => total + (figure(piece) ?? 0), 0);
}
