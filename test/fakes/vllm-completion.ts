import type { ServerResponse } from 'node:http';
import { tokenText, type Fault } from './shared/generation.ts';
import { clientGone, drop, send } from './shared/serve.ts';
import { errorBody, type Answer, type StopReason } from './vllm-answers.ts';
import type { VllmEngine } from './vllm-engine.ts';
import type { FinishReason, Sequence, SequenceSize } from './vllm-sequence.ts';

/** One request that is to be answered with tokens. */
export interface Completion {
  readonly answer: Answer;
  readonly stream: boolean;
  readonly withUsage: boolean;
  readonly reason: StopReason;
  readonly fault: Fault | undefined;
  readonly size: SequenceSize;
}

/** Runs a request through the engine; resolves with how it ended there once its answer is out or its client gone. */
export function complete(
  completion: Completion,
  engine: VllmEngine,
  response: ServerResponse,
): Promise<{ readonly sequence: Sequence; readonly reason: FinishReason }> {
  const { answer, stream, reason, fault, size } = completion;
  const texts: string[] = [];
  const gone = clientGone(response);
  if (stream) response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' }).flushHeaders();
  return new Promise((resolve) => {
    const sequence: Sequence = {
      ...size,
      generated: 0,
      scheduled: 0,
      first: 0,
      last: 0,
      onToken: (index) => {
        texts.push(tokenText(index));
        if (!stream) return;
        const opening = index === 0 ? answer.opening() : undefined;
        if (opening) writeEvent(response, opening);
        const last = index === size.count - 1 && fault === undefined;
        writeEvent(response, answer.chunk(tokenText(index), last ? reason : null));
      },
      onDone: () => {
        if (fault) failHalfway(completion, response, texts);
        else succeed(completion, response, texts);
        resolve({ sequence, reason: finishReason(fault) ?? reason });
      },
    };
    gone.addEventListener('abort', () => {
      engine.remove(sequence);
      resolve({ sequence, reason: 'abort' });
    });
    engine.add(sequence);
  });
}

function finishReason(fault: Fault | undefined): FinishReason | undefined {
  if (fault === undefined) return undefined;
  return fault === 'FAILSTREAM' ? 'error' : 'abort';
}

function succeed(
  { answer, stream, withUsage, reason, size }: Completion,
  response: ServerResponse,
  texts: string[],
): void {
  const usage = {
    prompt_tokens: size.promptTokens,
    total_tokens: size.promptTokens + texts.length,
    completion_tokens: texts.length,
  };
  if (!stream) return sendJson(response, 200, answer.whole(texts.join(''), reason, usage));
  if (withUsage) writeEvent(response, answer.usage(usage));
  response.end('data: [DONE]\n\n');
}

/** An error goes on to `[DONE]`, as vLLM does; what is cut short does not. */
function failHalfway({ answer, stream, fault, size }: Completion, response: ServerResponse, texts: string[]): void {
  const error = errorBody(500, 'InternalServerError', 'the engine has failed');
  if (fault === 'DROP') return drop(response);
  if (!stream && fault === 'FAILSTREAM') return sendJson(response, 500, error);
  if (!stream) {
    const usage = { prompt_tokens: size.promptTokens, total_tokens: size.promptTokens, completion_tokens: 0 };
    return sendJson(response, 200, answer.whole(texts.join(''), null, usage));
  }
  if (fault === 'FAILSTREAM') writeEvent(response, error);
  response.end(fault === 'FAILSTREAM' ? 'data: [DONE]\n\n' : '');
}

function writeEvent(response: ServerResponse, value: object): void {
  response.write(`data: ${JSON.stringify(value)}\n\n`);
}

export function sendJson(response: ServerResponse, status: number, value: object): void {
  send(response, status, 'application/json', JSON.stringify(value));
}
