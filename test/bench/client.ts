import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { endMarker, sentDigits, sentMarker } from './wire.ts';

/** Where a relay, or the engine itself, listens. */
export interface Target {
  readonly port: number;
}

/** One buffer for what all connections receive: it is read at once. */
const received = Buffer.allocUnsafe(64 * 1024);

function open(target: Target, onText: (text: string, socket: Socket) => void): Socket {
  const callback = (length: number): boolean => {
    onText(received.toString('latin1', 0, length), socket);
    return true;
  };
  const socket = connect({
    port: target.port,
    host: '127.0.0.1',
    noDelay: true,
    onread: { buffer: received, callback },
  });
  socket.on('error', () => {});
  return socket;
}

function post(body: object): string {
  const text = JSON.stringify({ model: 'llama3.2:3b', prompt: 'Why is the sky blue?', ...body });
  const headers = `Host: 127.0.0.1\r\nUser-Agent: bench\r\nContent-Type: application/json\r\nContent-Length: ${text.length}`;
  return `POST /api/generate HTTP/1.1\r\n${headers}\r\n\r\n${text}`;
}

/** Concurrent streams, each on a connection of its own. */
export class Streams {
  /** Milliseconds from sending to receiving, of every chunk since the last `reset`. */
  delays: number[] = [];
  /** Pieces in which they came. */
  reads = 0;
  #sockets: Socket[] = [];

  /** Resolves when every stream has begun. */
  async open(target: Target, count: number, chunks = 1e9): Promise<void> {
    const body = post({ options: { num_predict: chunks } });
    for (let index = 0; index < count; index += 1) {
      let held = '';
      const socket = open(target, (text) => {
        held = this.#read(held + text);
      });
      socket.write(body);
      this.#sockets.push(socket);
      // All at once would overflow the queue of a listener.
      if (index % 32 === 31) await sleep(5);
    }
    const limit = performance.now() + 20_000;
    while (!this.#sockets.every(({ bytesRead }) => bytesRead > 0)) {
      if (performance.now() > limit) {
        const begun = this.#sockets.filter(({ bytesRead }) => bytesRead > 0).length;
        throw new Error(`port ${target.port}: only ${begun} of ${count} streams began within 20 s`);
      }
      await sleep(5);
    }
  }

  reset(): void {
    this.delays = [];
    this.reads = 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets = [];
    await sleep(50);
  }

  /** Returns what has to stand before the next text: a time may be cut in two. */
  #read(text: string): string {
    const now = Number(process.hrtime.bigint());
    this.reads += 1;
    let rest = 0;
    for (let at = text.indexOf(sentMarker); at !== -1; at = text.indexOf(sentMarker, rest)) {
      const start = at + sentMarker.length;
      if (start + sentDigits > text.length) break;
      rest = start + sentDigits;
      this.delays.push((now - Number(text.slice(start, rest))) / 1e6);
    }
    return text.slice(Math.max(rest, text.length - sentMarker.length - sentDigits));
  }
}

/** Milliseconds to the first token of one request after another, from before the connection is made, each on its own. */
export async function timesToFirstToken(target: Target, durationMs: number): Promise<readonly number[]> {
  const times: number[] = [];
  const body = post({ options: { num_predict: 1 } });
  for (const end = performance.now() + durationMs; performance.now() < end;) {
    await new Promise<void>((resolve) => {
      const start = performance.now();
      let held = '';
      open(target, (text, socket) => {
        if (!held.includes(sentMarker) && (held + text).includes(sentMarker)) times.push(performance.now() - start);
        held += text;
        if (held.includes(endMarker)) socket.destroy();
      })
        .on('close', resolve)
        .write(body);
    });
    // Not in step with the engine's millisecond.
    await sleep(3 + Math.random() * 4);
  }
  return times;
}

/** Whole answers per second over connections that are kept, one request after another on each. */
export async function requestsPerSecond(target: Target, connections: number, durationMs: number): Promise<number> {
  const body = post({ stream: false });
  let answers = 0;
  const sockets = Array.from({ length: connections }, () => {
    let held = '';
    const socket = open(target, (text) => {
      held += text;
      if (!held.includes(endMarker)) return;
      held = '';
      answers += 1;
      socket.write(body);
    });
    socket.write(body);
    return socket;
  });
  await sleep(200);
  const [before, start] = [answers, performance.now()];
  await sleep(durationMs);
  const rate = (answers - before) / ((performance.now() - start) / 1000);
  for (const socket of sockets) socket.destroy();
  await sleep(50);
  return rate;
}

/** Clients that ask for a stream without end, read its begin and then nothing; returns what lets them go. */
export async function stall(target: Target, clients: number): Promise<() => void> {
  const sockets = Array.from({ length: clients }, () => {
    const socket = connect({ port: target.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.once('data', () => socket.pause());
    socket.write(post({ options: { flood: true } }));
    return socket;
  });
  await sleep(100);
  return () => sockets.forEach((socket) => socket.destroy());
}
