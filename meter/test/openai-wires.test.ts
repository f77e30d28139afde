import { join } from 'node:path';
import { array, assert, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { messagesWire } from '../src/taps/anthropic.ts';
import { framingOf } from '../src/taps/framing.ts';
import { ollamaEmbedWire } from '../src/taps/ollama.ts';
import { completionsWire, embeddingsWire, responsesWire } from '../src/taps/openai.ts';
import type { TapResult } from '../src/taps/tap.ts';
import { WireTap } from '../src/taps/wire-tap.ts';
import { resultOf } from './support/result.ts';
import type { Wire } from '../src/taps/wire.ts';
import { type Capture, capturesOf, cut } from './support/captures.ts';

const wires: Readonly<Record<string, Wire>> = {
  chat: completionsWire,
  completion: completionsWire,
  completions: completionsWire,
  responses: responsesWire,
  messages: messagesWire,
  embeddings: embeddingsWire,
  embed: ollamaEmbedWire,
};

const answers = ['ollama-0.13.5-openai', 'vllm-0.24.0'].flatMap((engine) =>
  capturesOf(engine).map((capture) => ({ ...capture, engine })),
);

/** What the tap of a capture finds in these pieces, which arrive `step` seconds apart. */
function read({ name, answer }: Capture, pieces: readonly Buffer[], step: number): TapResult {
  const contentType = /content-type: (.*)/i.exec(answer.toString())?.[1] ?? '';
  const wire = wires[name.split('-')[0] ?? ''];
  if (!wire) throw new Error(`no wire format for ${name}`);
  const tap = new WireTap(wire, framingOf(contentType));
  pieces.forEach((piece, index) => tap.push(piece, 1 + index * step));
  return resultOf(tap, 1 + pieces.length * step);
}

test.each(answers)('reads the capture $engine $name, an event a second', async (capture) => {
  const events = capture.body.toString().split(/(?<=\n\n)/);
  const result = read(
    capture,
    events.map((event) => Buffer.from(event)),
    1,
  );
  await expect(`${JSON.stringify(result, null, 2)}\n`).toMatchFileSnapshot(join(capture.folder, 'want.json'));
});

test.each(answers)('finds the same in the capture $engine $name in however many pieces', (capture) => {
  const whole = read(capture, [capture.body], 0);
  assert(
    property(array(nat(capture.body.length), { maxLength: 60 }), (places) => {
      expect(read(capture, cut(capture.body, places), 0)).toEqual(whole);
    }),
    { numRuns: 50 },
  );
});

describe('a stream of events', () => {
  const completions = (text: string) => {
    const tap = new WireTap(completionsWire, 'events');
    tap.push(Buffer.from(text), 1);
    return resultOf(tap, 1);
  };
  const piece = '{"choices":[{"delta":{"content":"x"},"finish_reason":null}]}';

  test.each([
    ['line ends of CR LF', `data: ${piece}\r\n\r\ndata: [DONE]\r\n\r\n`],
    ['no space behind data:', `data:${piece}\n\ndata:[DONE]\n\n`],
    ['comments and other fields', `: ping\nevent: x\nid: 7\ndata: ${piece}\n\n: ping\n\ndata: [DONE]\n\n`],
    [
      'data over several lines',
      `data: {"choices":[{"delta":{"content":"x"},\ndata: "finish_reason":null}]}\n\ndata: [DONE]\n\n`,
    ],
  ])('may have %s', (_, text) => {
    expect(completions(text)).toMatchObject({ complete: true, failed: false, contentChunks: 1 });
  });

  test('is complete with a finish reason, for clients that leave then', () => {
    expect(completions('data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n').complete).toBe(true);
  });

  test('without [DONE] or a finish reason is not complete', () => {
    expect(completions(`data: ${piece}\n\n`)).toMatchObject({ complete: false, contentChunks: 1 });
  });

  test.each([
    ['OpenAI', '{"error":{"message":"boom","code":500}}'],
    ['older vLLM', '{"object":"error","message":"boom"}'],
  ])('with an error as %s puts it failed', (_, error) => {
    expect(completions(`data: ${piece}\n\ndata: ${error}\n\n`)).toMatchObject({ failed: true, complete: false });
  });

  test.each(['content', 'reasoning', 'reasoning_content'])('begins its content with %s', (field) => {
    const chunk = JSON.stringify({ choices: [{ delta: { [field]: 'x' }, finish_reason: null }] });
    expect(completions(`data: ${chunk}\n\n`)).toMatchObject({ firstContentAt: 1 });
  });

  test('does not begin its content with the role', () => {
    const role = '{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}';
    expect(completions(`data: ${role}\n\n`)).not.toHaveProperty('firstContentAt');
  });

  test('is not taken in by an answer that speaks of its own end', () => {
    const sly = JSON.stringify({
      choices: [{ delta: { content: '"usage":{ "finish_reason":null [DONE]' }, finish_reason: null }],
    });
    expect(completions(`data: ${piece}\n\ndata: ${sly}\n\n`)).toMatchObject({ contentChunks: 2, complete: false });
  });

  test('with a usage of zeros on a chunk counts nothing by it', () => {
    const zeros =
      '{"choices":[{"delta":{"content":"x"},"finish_reason":null}],"usage":{"prompt_tokens":0,"completion_tokens":0}}';
    expect(completions(`data: ${zeros}\n\n`)).not.toHaveProperty('generatedTokens');
  });
});

test('a stream of a message that breaks off has the tokens that were counted, not the 0 that it began with', () => {
  const tap = new WireTap(messagesWire, 'events');
  const start = { type: 'message_start', message: { model: 'm', usage: { input_tokens: 8, output_tokens: 0 } } };
  const piece = { type: 'content_block_delta', delta: { type: 'text_delta', text: 'x' } };
  for (const event of [start, piece, piece]) tap.push(Buffer.from(`data: ${JSON.stringify(event)}\n\n`), 1);
  const result = resultOf(tap, 1);
  expect(result).toMatchObject({ complete: false, contentChunks: 2, promptTokens: 8 });
  expect(result).not.toHaveProperty('generatedTokens');
});

describe('a stream of response events', () => {
  const responses = (...events: readonly object[]) => {
    const tap = new WireTap(responsesWire, 'events');
    for (const event of events) tap.push(Buffer.from(`data: ${JSON.stringify(event)}\n\n`), 1);
    return resultOf(tap, 1);
  };
  const piece = { type: 'response.output_text.delta', delta: 'x' };

  test('ends with the whole response, though its text ends as a delta does', () => {
    const response = {
      object: 'response',
      status: 'completed',
      output: [{ text: 'x.delta' }],
      usage: { output_tokens: 1 },
    };
    expect(responses(piece, { type: 'response.completed', response })).toMatchObject({
      complete: true,
      generatedTokens: 1,
    });
  });

  test('fails with its response', () => {
    const response = { object: 'response', status: 'failed' };
    expect(responses(piece, { type: 'response.failed', response })).toMatchObject({ complete: false, failed: true });
  });
});
