import { setMaxListeners } from 'node:events';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { dealer, type Mix } from './load-mix.ts';
import { sendLoadRequest, type LoadResult, type Outcome } from './load-request.ts';
import { pauseUntil } from './shared/generation.ts';

export interface LoadOptions {
  readonly url: string;
  readonly engine: 'ollama' | 'vllm';
  readonly model: string;
  /** Path of the requests; default `/api/chat` for Ollama, `/v1/chat/completions` for vLLM. */
  readonly endpoint?: string;
  /** How many; without it until the duration has passed or `stop` is aborted. */
  readonly requests?: number;
  readonly durationMs?: number;
  /** Requests that may be open at once; default 1. */
  readonly concurrency?: number;
  /** Starts per second; default: as fast as answers come. */
  readonly rate?: number;
  /** Default: all are meant to succeed. */
  readonly mix?: Mix;
  /** Tokens to ask for (default 16) and words of a prompt (default 8). */
  readonly tokens?: number;
  readonly promptTokens?: number;
  /** Default true. */
  readonly stream?: boolean;
  /** Ends the load; requests that are open are given up and count as aborted. */
  readonly stop?: AbortSignal;
}

/** What a load came to, as its clients saw it. Tokens are those that the server reported in complete answers. */
export type LoadSummary = Readonly<
  Record<Outcome | 'requests' | 'prompt_tokens' | 'generated_tokens' | 'seconds', number>
>;

/** Loads a server with real HTTP requests over connections that are kept, and counts how they end. */
export async function runLoad(options: LoadOptions): Promise<LoadSummary> {
  const { requests = Infinity, durationMs = Infinity, concurrency = 1, rate, stop = never() } = options;
  const url = new URL(
    options.endpoint ?? (options.engine === 'ollama' ? '/api/chat' : '/v1/chat/completions'),
    options.url,
  );
  const { model, mix = { ok: 1 }, tokens = 16, promptTokens = 8, stream = true } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  setMaxListeners(0, stop);
  const nextKind = dealer(mix);
  const results: LoadResult[] = [];
  const started = performance.now();
  let sent = 0;
  const worker = async () => {
    while (sent < requests && !stop.aborted) {
      const index = sent++;
      if (rate !== undefined) await pauseUntil(started + (index * 1000) / rate, stop);
      if (stop.aborted || performance.now() - started >= durationMs) return;
      const request = { url, model, kind: nextKind(), stream, promptTokens, tokens, agent, stop };
      const result = await sendLoadRequest(request);
      results.push(result);
      if (!result.answered) await sleep(100);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  agent.destroy();
  return summary(results, (performance.now() - started) / 1000);
}

function summary(results: readonly LoadResult[], seconds: number): LoadSummary {
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length;
  return {
    requests: results.length,
    ok: count('ok'),
    client_error: count('client_error'),
    server_error: count('server_error'),
    aborted: count('aborted'),
    truncated: count('truncated'),
    prompt_tokens: results.reduce((sum, { promptTokens }) => sum + promptTokens, 0),
    generated_tokens: results.reduce((sum, { generatedTokens }) => sum + generatedTokens, 0),
    seconds: Math.round(seconds * 1000) / 1000,
  };
}

function never(): AbortSignal {
  return new AbortController().signal;
}
