import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RunningFake {
  /** Without a slash at the end. */
  readonly url: string;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Listens on `HOST:PORT`; every answer says that it is simulated. A handler that throws answers 500. */
export async function serve(listen: string, handle: Handler): Promise<RunningFake> {
  const server = createServer((request, response) => {
    response.setHeader('X-Simulated', 'inferometer');
    handle(request, response).catch((error: Error) => {
      if (response.headersSent) response.destroy();
      else send(response, 500, 'text/plain', error.stack ?? error.message);
    });
  });
  server.requestTimeout = 0;
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    const [, host = '127.0.0.1', port = '0'] = /^(.*):(\d+)$/.exec(listen) ?? [];
    server.once('error', reject).listen(Number(port), host.replace(/^\[|\]$/g, ''), resolve);
  });
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** One answer in one piece, with its length. */
export function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body);
}

/** Aborted once the client is gone before its answer was complete. */
export function clientGone(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** Writes one piece of a stream; resolves once the client keeps up, or is gone. */
export async function write(response: ServerResponse, text: string): Promise<void> {
  if (response.destroyed || response.write(text)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

/** Lets the connection fall after what was written so far is on its way. */
export function drop(response: ServerResponse): void {
  setImmediate(() => response.destroy());
}
