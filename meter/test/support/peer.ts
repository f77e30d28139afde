import { EventEmitter, once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** One end of a connection: keeps all that arrives, and lets a test await it. It never ends its side by itself. */
export class Peer {
  readonly socket: Socket;
  /** Resolves when the other side has ended its sending. */
  readonly ended: Promise<void>;
  /** Resolves when the connection is over, with the code of the error that ended it, such as ECONNRESET. */
  readonly closed: Promise<string | undefined>;
  readonly #chunks: Buffer[] = [];
  readonly #arrivals = new EventEmitter();

  constructor(socket: Socket) {
    this.socket = socket;
    let failure: string | undefined;
    socket.on('error', (error: NodeJS.ErrnoException) => (failure = error.code));
    this.closed = new Promise((resolve) => socket.once('close', () => resolve(failure)));
    this.ended = new Promise((resolve) => socket.once('end', resolve));
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#arrivals.emit('bytes');
    });
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  send(data: string | Buffer): void {
    this.socket.write(data);
  }

  /** Resolves with all that arrived once this text is in it. */
  async until(text: string): Promise<string> {
    while (!this.text.includes(text)) await once(this.#arrivals, 'bytes');
    return this.text;
  }
}

/** Connects to a port of this machine. */
export async function connectTo(port: number): Promise<Peer> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  const peer = new Peer(socket);
  await once(socket, 'connect');
  return peer;
}

/** An engine whose every byte is the test's. */
export interface RawEngine {
  readonly host: string;
  readonly port: number;
  /** The next connection that was not taken yet. */
  next(): Promise<Peer>;
}

export async function listenRaw(): Promise<RawEngine> {
  const peers: Peer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => peers.push(new Peer(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const { socket } of peers) socket.destroy();
  });
  let taken = 0;
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    next: async () => {
      const place = taken++;
      while (peers[place] === undefined) await once(server, 'connection');
      return peers[place];
    },
  };
}

/** A port of this machine on which nothing listens. */
export async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
