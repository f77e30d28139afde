import { randomBytes } from 'node:crypto';

/* The JSON of the OpenAI-compatible API, with the fields that vLLM puts in. */

export type Endpoint = 'chat' | 'completion';
export type StopReason = 'stop' | 'length';

export interface Usage {
  readonly prompt_tokens: number;
  readonly total_tokens: number;
  readonly completion_tokens: number;
}

const fingerprint = 'vllm-0.24.0-simulated';

/** Builds the objects of one answer, which share id, time and model. */
export class Answer {
  readonly #endpoint: Endpoint;
  readonly #head: object;

  constructor(endpoint: Endpoint, model: string, stream: boolean) {
    this.#endpoint = endpoint;
    const id = `${endpoint === 'chat' ? 'chatcmpl' : 'cmpl'}-${randomBytes(8).toString('hex')}`;
    const object = endpoint === 'completion' ? 'text_completion' : `chat.completion${stream ? '.chunk' : ''}`;
    this.#head = { id, object, created: Math.floor(Date.now() / 1000), model };
  }

  /** The chunk that opens a streamed chat, before its first text; completions have none. */
  opening(): object | undefined {
    if (this.#endpoint === 'completion') return undefined;
    const delta = { role: 'assistant', content: '' };
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: null }];
    return { ...this.#head, choices, prompt_token_ids: null, prompt_text: null };
  }

  chunk(text: string, reason: StopReason | null): object {
    const end = { finish_reason: reason, ...((reason || this.#endpoint === 'completion') && { stop_reason: null }) };
    const choice =
      this.#endpoint === 'chat'
        ? { index: 0, delta: { content: text }, logprobs: null, ...end, token_ids: null }
        : { index: 0, text, logprobs: null, ...end, prompt_token_ids: null, token_ids: null };
    return { ...this.#head, choices: [choice] };
  }

  usage(usage: Usage): object {
    return { ...this.#head, choices: [], usage, system_fingerprint: fingerprint };
  }

  whole(text: string, reason: StopReason | null, usage: Usage): object {
    const content = this.#endpoint === 'chat' ? { message: { role: 'assistant', content: text } } : { text };
    const choice = { index: 0, ...content, logprobs: null, finish_reason: reason, stop_reason: null, token_ids: null };
    return {
      ...this.#head,
      choices: [choice],
      service_tier: null,
      system_fingerprint: fingerprint,
      usage: { ...usage, prompt_tokens_details: null },
      kv_transfer_params: null,
    };
  }
}

export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: number;
  };
}

export function errorBody(code: number, type: string, message: string, param: string | null = null): ErrorBody {
  return { error: { message, type, param, code } };
}

export function modelList(names: readonly string[], maxModelLen: number): object {
  const created = Math.floor(Date.now() / 1000);
  const data = names.map((id) => ({
    id,
    object: 'model',
    created,
    owned_by: 'vllm',
    root: id,
    parent: null,
    max_model_len: maxModelLen,
    permission: [],
  }));
  return { object: 'list', data };
}
