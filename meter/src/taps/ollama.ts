import { LineSplitter } from '../lines.ts';
import type { Tap, TapResult } from './tap.ts';

/** An answer object of /api/generate or /api/chat; every field may be absent (Ollama leaves zeros out). */
interface Answer {
  model?: unknown;
  error?: unknown;
  done?: unknown;
  done_reason?: unknown;
  response?: unknown;
  thinking?: unknown;
  message?: { content?: unknown; thinking?: unknown; tool_calls?: unknown };
  prompt_eval_count?: unknown;
  prompt_eval_cached_count?: unknown;
  eval_count?: unknown;
  total_duration?: unknown;
  load_duration?: unknown;
  prompt_eval_duration?: unknown;
  eval_duration?: unknown;
}

/**
 * Reads what Ollama answers on /api/generate and /api/chat: one JSON object per line when streamed, one in all when
 * not. Only the first lines, the last and errors are parsed; the lines between are recognised by `"done":false`,
 * which cannot stand inside a JSON string. Source: Ollama docs/api, "Streaming" and "Usage".
 */
export class OllamaTap implements Tap {
  readonly #lines = new LineSplitter((line) => this.#onLine(line));
  #now = 0;
  #first: number | undefined;
  #last: number | undefined;
  #contentChunks = 0;
  #final: Answer | undefined;
  #model: string | undefined;
  #failed = false;

  push(chunk: Buffer, now: number): boolean {
    this.#now = now;
    return this.#lines.push(chunk);
  }

  end(now: number): TapResult {
    this.#now = now;
    this.#lines.end();
    return {
      complete: this.#final !== undefined,
      failed: this.#failed,
      inference: !['load', 'unload'].includes(String(this.#final?.done_reason)),
      contentChunks: this.#contentChunks,
      ...(this.#model !== undefined && { model: this.#model }),
      ...(this.#first !== undefined && { firstContentAt: this.#first }),
      ...(this.#last !== undefined && { lastContentAt: this.#last }),
      ...usage(this.#final ?? {}),
    };
  }

  #onLine(line: Buffer): void {
    if (this.#first !== undefined && isBetween(line)) return this.#content();
    const answer = parse(line);
    if (answer === undefined) return;
    if (typeof answer.model === 'string') this.#model = answer.model;
    if (answer.error !== undefined) this.#failed = true;
    if (hasContent(answer)) this.#content();
    if (answer.done === true) this.#final = answer;
  }

  #content(): void {
    this.#first ??= this.#now;
    this.#last = this.#now;
    this.#contentChunks += 1;
  }
}

/** A tool's arguments may hold a `done` of their own: with both, the line has to be parsed. */
function isBetween(line: Buffer): boolean {
  return line.includes('"done":false') && !line.includes('"done":true');
}

function parse(line: Buffer): Answer | undefined {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function hasContent({ response, thinking, message }: Answer): boolean {
  const pieces = [response, thinking, message?.content, message?.thinking, message?.tool_calls];
  return pieces.some((piece) => (typeof piece === 'string' || Array.isArray(piece)) && piece.length > 0);
}

function usage(answer: Answer): Partial<TapResult> {
  const fields = {
    promptTokens: count(answer.prompt_eval_count),
    cachedPromptTokens: count(answer.prompt_eval_cached_count),
    generatedTokens: count(answer.eval_count),
    serverTotalSeconds: seconds(answer.total_duration),
    serverLoadSeconds: seconds(answer.load_duration),
    serverPromptEvalSeconds: seconds(answer.prompt_eval_duration),
    serverEvalSeconds: seconds(answer.eval_duration),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function seconds(nanoseconds: unknown): number | undefined {
  return typeof nanoseconds === 'number' && nanoseconds >= 0 ? nanoseconds / 1e9 : undefined;
}
