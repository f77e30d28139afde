import { array, assert, asyncProperty, boolean, nat, record as fields } from 'fast-check';
import type { RequestRecord } from '@inferometer/core/request-record';
import { expect, test } from 'vitest';
import { arrival } from './support/arrival.ts';
import { type Capture, captures, cut } from './support/captures.ts';
import { startMeter } from './support/metered.ts';
import { connectTo, listenRaw, type Peer } from './support/peer.ts';

const body = Buffer.from('{"model":"Tiny:latest","prompt":"where does the naïve rìver go 河"}');

/** A message body as it goes over the wire: with its length, or in chunks that are cut at these places. */
function framed(content: Buffer, chunks: readonly number[] | undefined): Buffer {
  if (!chunks) return Buffer.concat([Buffer.from(`Content-Length: ${content.length}\r\n\r\n`), content]);
  const pieces = cut(content, chunks).filter(({ length }) => length > 0);
  const framing = pieces.flatMap((piece) => [
    Buffer.from(`${piece.length.toString(16)}\r\n`),
    piece,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([Buffer.from('Transfer-Encoding: chunked\r\n\r\n'), ...framing, Buffer.from('0\r\n\r\n')]);
}

function requestOf({ name }: Capture, chunks: readonly number[] | undefined): Buffer {
  const path = name.startsWith('chat') ? '/api/chat' : '/api/generate';
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\nX-Request-ID: a\r\n`), framed(body, chunks)]);
}

/** The captured answer; curl took the chunks of a transfer away, and they are put back here in other places. */
function answerOf({ answer, body: content }: Capture, chunks: readonly number[]): Buffer {
  const head = answer.subarray(0, answer.indexOf('\r\n\r\n') + 2).toString();
  if (!head.includes('Transfer-Encoding')) return answer;
  return Buffer.concat([Buffer.from(head.replace('Transfer-Encoding: chunked\r\n', '')), framed(content, chunks)]);
}

/** Sends the pieces one after the other, each when the one before has arrived. */
async function sendPieces(from: Peer, to: Peer, pieces: readonly Buffer[]): Promise<Buffer> {
  let sent = to.received.length;
  for (const piece of pieces) {
    sent += piece.length;
    from.send(piece);
    await arrival(to, sent);
  }
  return to.received;
}

/** A record without its id and what a clock said in it; that there is a time is kept. */
function timeless(record: RequestRecord): object {
  const clocked = Object.keys(record).filter((key) => key.endsWith('_seconds') && !key.startsWith('server_'));
  return { ...record, ...Object.fromEntries(clocked.map((key) => [key, 'a time'])) };
}

const wired = captures.filter(({ name }) => name !== 'generate-stream-chunked');
const places = (length: number) => array(nat(length), { maxLength: 12 });

test.each(wired)(
  'the answer $name and its request arrive as they were sent and are recorded alike wherever they are cut',
  { timeout: 30_000 },
  async (capture) => {
    const engine = await listenRaw();
    const { port, records, meter } = await startMeter(engine);
    /** The record of one exchange in these pieces, if there is one. */
    const exchange = async (asked: readonly Buffer[], answered: readonly Buffer[]): Promise<object | undefined> => {
      const client = await connectTo(port);
      const server = await engine.next();
      expect(await sendPieces(client, server, asked)).toEqual(Buffer.concat(asked));
      expect(await sendPieces(server, client, answered)).toEqual(Buffer.concat(answered));
      server.socket.end();
      await client.ended;
      client.socket.end();
      await client.closed;
      const [record, ...more] = records.all.splice(0);
      expect(more).toEqual([]);
      return record && timeless(record);
    };
    const inOnePiece = await exchange([requestOf(capture, undefined)], [answerOf(capture, [])]);
    const boundaries = fields({
      upload: places(body.length),
      isChunkedUpload: boolean(),
      asked: places(2 * body.length),
      chunks: places(capture.body.length),
      answered: places(2 * capture.answer.length),
    });
    await assert(
      asyncProperty(boundaries, async ({ upload, isChunkedUpload, asked, chunks, answered }) => {
        const request = requestOf(capture, isChunkedUpload ? upload : undefined);
        expect(await exchange(cut(request, asked), cut(answerOf(capture, chunks), answered))).toEqual(inOnePiece);
      }),
      { numRuns: 30 },
    );
    expect(meter.status()).toMatchObject({ inFlight: [], parseErrors: { request: 0, response: 0, body: 0 } });
  },
);
