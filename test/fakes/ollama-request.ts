import { faultIn, type Fault } from './shared/generation.ts';
import { NativeWire, OpenAiWire, type Wire } from './ollama-wire.ts';

/** A request for tokens, whatever endpoint it came to. */
export interface OllamaRequest {
  readonly wire: Wire;
  readonly model: string;
  readonly prompt: string;
  readonly stream: boolean;
  /** Tokens that it asks for. */
  readonly limit: number | undefined;
  readonly keepAlive: unknown;
  readonly fault: Fault | undefined;
}

interface Body {
  readonly model?: string;
  readonly prompt?: string;
  readonly messages?: readonly { readonly content?: unknown }[];
  readonly stream?: boolean;
  readonly keep_alive?: unknown;
  readonly options?: { readonly num_predict?: number };
  readonly max_tokens?: number | null;
  readonly stream_options?: { readonly include_usage?: boolean } | null;
}

const paths = new Set(['/api/generate', '/api/chat', '/v1/chat/completions', '/v1/completions']);

export function generates(path: string): boolean {
  return paths.has(path);
}

/** Reads a body. `stream` is true by default on the native paths and false on `/v1`. */
export function readRequest(path: string, text: string): OllamaRequest | { readonly problem: string } {
  if (text === '') return { problem: 'missing request body' };
  const body = parse(text);
  if (body === undefined) return { problem: 'unexpected EOF' };
  const { model = '', messages = [], keep_alive: keepAlive } = body;
  const chat = path.includes('/chat');
  const native = path.startsWith('/api/');
  const stream = body.stream ?? native;
  const prompt = chat ? messages.map(({ content }) => textOf(content)).join(' ') : textOf(body.prompt);
  const withUsage = body.stream_options?.include_usage === true;
  const limit = (native ? body.options?.num_predict : body.max_tokens) ?? 0;
  return {
    wire: native ? new NativeWire(chat, model) : new OpenAiWire(chat, model, stream, withUsage),
    model,
    prompt,
    stream,
    limit: limit > 0 ? limit : undefined,
    keepAlive,
    fault: faultIn(prompt),
  };
}

function textOf(content: unknown): string {
  return typeof content === 'string' ? content : '';
}

function parse(text: string): Body | undefined {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return undefined;
  }
}
