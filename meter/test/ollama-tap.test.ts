import { join } from 'node:path';
import { array, assert, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ollamaWire } from '../src/taps/ollama.ts';
import type { TapResult } from '../src/taps/tap.ts';
import { WireTap } from '../src/taps/wire-tap.ts';
import { resultOf } from './support/result.ts';
import { capture, captures, cut } from './support/captures.ts';

/** What the tap finds in these pieces; a piece arrives each second, or all of them at second 1. */
function read(pieces: readonly (Buffer | string)[], step = 1): TapResult {
  const tap = new WireTap(ollamaWire, 'lines');
  pieces.forEach((piece, index) => tap.push(Buffer.from(piece), 1 + index * step));
  return resultOf(tap, 1 + pieces.length * step);
}

/** The chunks of a transfer are none of the tap's business. */
const bodies = captures.filter(({ name }) => name !== 'generate-stream-chunked');

test.each(bodies)('reads the capture $name, a line a second', async ({ body, folder }) => {
  const lines = body.toString().split(/(?<=\n)/);
  await expect(`${JSON.stringify(read(lines), null, 2)}\n`).toMatchFileSnapshot(join(folder, 'want.json'));
});

test.each(bodies)('finds the same in the capture $name wherever it is cut in two', ({ body }) => {
  const whole = read([body], 0);
  for (let place = 0; place <= body.length; place += 1) {
    expect(read([body.subarray(0, place), body.subarray(place)], 0)).toEqual(whole);
  }
});

test.each(bodies)('finds the same in the capture $name in however many pieces', ({ body }) => {
  const whole = read([body], 0);
  assert(
    property(array(nat(body.length), { maxLength: 60 }), (places) => {
      expect(read(cut(body, places), 0)).toEqual(whole);
    }),
    { numRuns: 50 },
  );
});

describe('an answer', () => {
  const piece = '{"response":"x","done":false}\n';

  test('without a line that says done is not complete', () => {
    expect(read([piece, piece])).toMatchObject({ complete: false, failed: false, contentChunks: 2 });
  });

  test('is complete without a line feed at its end', () => {
    expect(read(['{"response":"x","done":true}'])).toMatchObject({ complete: true });
  });

  test('with an error line failed, whatever came before', () => {
    expect(read([piece, '{"error":"unexpected EOF"}\n'])).toMatchObject({ complete: false, failed: true });
  });

  test.each([
    ['thinking of generate', { thinking: 'hm' }],
    ['thinking of chat', { message: { role: 'assistant', content: '', thinking: 'hm' } }],
    ['a tool call', { message: { role: 'assistant', content: '', tool_calls: [{ function: { name: 'f' } }] } }],
  ])('begins its content with %s', (_, fields) => {
    expect(read([`${JSON.stringify({ ...fields, done: false })}\n`])).toMatchObject({ firstContentAt: 1 });
  });

  test('does not begin its content with an empty piece', () => {
    const empty = '{"message":{"role":"assistant","content":""},"done":false}\n';
    expect(read([empty, piece])).toMatchObject({ firstContentAt: 2, contentChunks: 1 });
  });

  test('that quotes the end marker in its text does not end there', () => {
    const quoting = `${JSON.stringify({ response: '{"done":true}', done: false })}\n`;
    expect(read([quoting, quoting])).toMatchObject({ complete: false, contentChunks: 2 });
  });

  test('that calls a tool with an argument named done ends where it ends', () => {
    const call = { message: { tool_calls: [{ function: { name: 'f', arguments: { done: false } } }] } };
    const end = `${JSON.stringify({ ...call, done: true, eval_count: 3 })}\n`;
    expect(read([piece, end])).toMatchObject({ complete: true, generatedTokens: 3 });
  });

  test('that is no JSON says nothing', () => {
    expect(read(['<html>', 'true\n', 'null\n'])).toEqual({
      complete: false,
      failed: false,
      inference: true,
      remote: false,
      contentChunks: 0,
    });
  });

  test.each([-1, 1.5, '7', null])('has no token count in %j', (count) => {
    const end = JSON.stringify({ done: true, eval_count: count });
    expect(read([end])).not.toHaveProperty('generatedTokens');
  });

  test('tells cached prompt tokens, none among them, where the engine does', () => {
    const end = JSON.stringify({ done: true, prompt_eval_count: 9, prompt_eval_cached_count: 0 });
    expect(read([end])).toMatchObject({ promptTokens: 9, cachedPromptTokens: 0 });
  });

  test('that loads a model asked for no inference', () => {
    expect(read([capture('generate-load').body])).toMatchObject({ complete: true, inference: false });
  });

  test('is given up at a line of more than 8 MiB', () => {
    const tap = new WireTap(ollamaWire, 'lines');
    const mebibyte = Buffer.alloc(2 ** 20, 'x');
    const taken = Array.from({ length: 9 }, () => tap.push(mebibyte, 1));
    expect(taken).toEqual([true, true, true, true, true, true, true, true, false]);
  });
});
