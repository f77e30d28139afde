/** A simulated streaming engine for benchmarks: Ollama's `/api/generate`, with raw sockets so that it is no bottleneck. */
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { chunksPerSecond, endMarker, sentDigits, sentMarker } from './wire.ts';

interface Request {
  readonly stream?: boolean;
  /** `flood`: chunks as fast as the connection takes them, for ever. */
  readonly options?: { readonly num_predict?: number; readonly flood?: boolean };
}

interface Stream {
  readonly socket: Socket;
  left: number;
}

/** What it could not send by then it leaves out; the rate of chunks tells. */
const mostBehindMs = 100;
const period = 1000 / chunksPerSecond;
/** Streams by the millisecond of their period at which they are due, so that their chunks do not come in one burst. */
const slots: Set<Stream>[] = Array.from({ length: period }, () => new Set());
const type = 'Content-Type: application/x-ndjson\r\n';
const head = `HTTP/1.1 200 OK\r\n${type}Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n`;
const common = '{"model":"llama3.2:3b","created_at":"2026-01-01T00:00:00.123456789Z","response":';
const contentLength = common.length + '" the","done":false,'.length + sentMarker.length + sentDigits + 3;
const beforeSent = `${contentLength.toString(16)}\r\n${common}" the","done":false,${sentMarker}`;
const last = `${common}"","done":true,"done_reason":"stop","total_duration":900,"load_duration":1,"prompt_eval_count":5,"prompt_eval_duration":9,"eval_count":9,${endMarker}}\n`;
const lastChunk = `${last.length.toString(16)}\r\n${last}\r\n0\r\n\r\n`;
const whole = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${last.length}\r\n\r\n${last}`;

/** A chunk as it goes over the wire, with its time of sending. */
function content(): string {
  return `${beforeSent}${String(process.hrtime.bigint()).padStart(sentDigits, '0')}"}\n\r\n`;
}

function answer(socket: Socket, { stream, options }: Request): void {
  if (stream === false) socket.write(whole, 'latin1');
  else if (options?.flood === true) flood(socket);
  else {
    const item = { socket, left: (options?.num_predict ?? 100) - 1 };
    socket.write(head + content(), 'latin1');
    if (item.left <= 0) return void socket.write(lastChunk, 'latin1');
    const slot = slots.toSorted((a, b) => a.size - b.size)[0];
    slot?.add(item);
    socket.once('close', () => slot?.delete(item));
  }
}

function flood(socket: Socket): void {
  const block = content().repeat(400);
  const fill = (): void => {
    while (!socket.destroyed && socket.write(block, 'latin1'));
  };
  socket.on('drain', fill);
  socket.write(head, 'latin1');
  fill();
}

function sendSlot(slot: Set<Stream>): void {
  for (const stream of slot) {
    // As a real engine, it waits for a reader that is behind.
    if (stream.socket.writableNeedDrain) continue;
    stream.socket.write(content(), 'latin1');
    stream.left -= 1;
    if (stream.left > 0) continue;
    slot.delete(stream);
    stream.socket.write(lastChunk, 'latin1');
  }
}

/** Serves the requests of a connection one after the other; no pipelining. */
function serve(socket: Socket): void {
  let held = '';
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => {
    held += bytes.toString('latin1');
    const bodyAt = held.indexOf('\r\n\r\n') + 4;
    if (bodyAt === 3) return;
    const length = Number(/content-length: *(\d+)/i.exec(held)?.[1] ?? '0');
    if (held.length < bodyAt + length) return;
    const request = JSON.parse(held.slice(bodyAt, bodyAt + length)) as Request;
    held = '';
    answer(socket, request);
  });
}

let done = Math.floor(performance.now());
/** A few milliseconds' worth at a time: the system's loop takes one new connection each time around. */
function tick(): void {
  const now = Math.floor(performance.now());
  if (now - done > mostBehindMs) done = now - 1;
  for (const end = Math.min(now, done + 2); done < end; done += 1) {
    const slot = slots[done % period];
    if (slot) sendSlot(slot);
  }
  if (done < now) setImmediate(tick);
  else setTimeout(tick, 1);
}
tick();

const server = createServer(serve).listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
