import { timestamp } from './ollama-models.ts';

/** How an answer went. Times are those of `performance.now()`. */
export interface Figures {
  readonly reason: 'stop' | 'length';
  readonly promptTokens: number;
  readonly tokens: number;
  readonly started: number;
  readonly loaded: number;
  readonly firstToken: number;
  readonly ended: number;
}

/** How one endpoint puts an answer on the wire. */
export interface Wire {
  readonly types: { readonly stream: string; readonly whole: string };
  /** One token of a stream. */
  piece(text: string): string;
  /** All that follows the last token of a stream. */
  end(figures: Figures): string;
  /** An answer in one piece; without figures it was cut short. */
  whole(text: string, figures?: Figures): object;
  /** The answer to a request without a prompt. */
  unprompted(reason: 'load' | 'unload'): object;
  error(message: string): object;
  /** An error in the middle of a stream. */
  streamError(message: string): string;
}

/** `/api/generate` and `/api/chat`: lines of JSON. */
export class NativeWire implements Wire {
  readonly types = { stream: 'application/x-ndjson', whole: 'application/json; charset=utf-8' };
  readonly #chat: boolean;
  readonly #model: string;

  constructor(chat: boolean, model: string) {
    this.#chat = chat;
    this.#model = model;
  }

  piece(text: string): string {
    return `${JSON.stringify({ ...this.#head(text), done: false })}\n`;
  }

  end(figures: Figures): string {
    return `${JSON.stringify(this.whole('', figures))}\n`;
  }

  whole(text: string, figures?: Figures): object {
    return { ...this.#head(text), done: figures !== undefined, ...(figures && this.#last(figures)) };
  }

  unprompted(reason: 'load' | 'unload'): object {
    return { ...this.#head(''), done: true, done_reason: reason };
  }

  error(message: string): object {
    return { error: message };
  }

  streamError(message: string): string {
    return `${JSON.stringify(this.error(message))}\n`;
  }

  #head(text: string): object {
    const content = this.#chat ? { message: { role: 'assistant', content: text } } : { response: text };
    return { model: this.#model, created_at: timestamp(), ...content };
  }

  /** Zeros are left out, as Ollama does. */
  #last({ reason, promptTokens, tokens, started, loaded, firstToken, ended }: Figures): object {
    const context = Array.from({ length: promptTokens + tokens }, (_, index) => 300 + ((index * 37) % 250));
    const figures = {
      total_duration: nanoseconds(started, ended),
      load_duration: nanoseconds(started, loaded),
      prompt_eval_count: promptTokens,
      prompt_eval_duration: nanoseconds(loaded, firstToken),
      eval_count: tokens,
      eval_duration: tokens > 1 ? nanoseconds(firstToken, ended) : 0,
    };
    const nonZero = Object.entries(figures).filter(([, value]) => value !== 0);
    return { done_reason: reason, ...(!this.#chat && { context }), ...Object.fromEntries(nonZero) };
  }
}

/** `/v1/chat/completions` and `/v1/completions` as Ollama serves them: events, without any duration. */
export class OpenAiWire implements Wire {
  readonly types = { stream: 'text/event-stream', whole: 'application/json' };
  readonly #chat: boolean;
  readonly #withUsage: boolean;
  readonly #head: object;

  constructor(chat: boolean, model: string, stream: boolean, withUsage: boolean) {
    this.#chat = chat;
    this.#withUsage = withUsage;
    const id = `${chat ? 'chatcmpl' : 'cmpl'}-${Math.floor(Math.random() * 999)}`;
    const object = chat ? `chat.completion${stream ? '.chunk' : ''}` : 'text_completion';
    this.#head = { id, object, created: Math.floor(Date.now() / 1000), model, system_fingerprint: 'fp_ollama' };
  }

  piece(text: string): string {
    return this.#chunk(text, null);
  }

  end(figures: Figures): string {
    const usage = event({ ...this.#head, choices: [], usage: usageOf(figures) });
    return `${this.#chunk('', figures.reason)}${this.#withUsage ? usage : ''}data: [DONE]\n\n`;
  }

  whole(text: string, figures?: Figures): object {
    const content = this.#chat ? { message: { role: 'assistant', content: text } } : { text };
    const choice = { index: 0, ...content, finish_reason: figures?.reason ?? null };
    return { ...this.#head, choices: [choice], usage: usageOf(figures) };
  }

  unprompted(): object {
    return this.whole('');
  }

  error(message: string): object {
    return { error: { message, type: 'api_error', param: null, code: null } };
  }

  streamError(message: string): string {
    return event(this.error(message));
  }

  /** With usage asked for, Ollama puts zeros of it on every chunk of a completion. */
  #chunk(text: string, reason: string | null): string {
    const content = this.#chat ? { delta: { role: 'assistant', content: text } } : { text };
    const choices = [{ index: 0, ...content, finish_reason: reason }];
    return event({ ...this.#head, choices, ...(this.#withUsage && !this.#chat && { usage: usageOf() }) });
  }
}

function usageOf({ promptTokens, tokens }: Partial<Figures> = {}): object {
  const [prompt = 0, completion = 0] = [promptTokens, tokens];
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function event(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function nanoseconds(from: number, to: number): number {
  return Math.round((to - from) * 1e6);
}
