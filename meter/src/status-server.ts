import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { InferometerError, messageOf } from '@inferometer/core/errors';
import type { MeterStatus } from '@inferometer/core/meter-status';

export interface StatusSource {
  status(): MeterStatus;
  /** Resolves when all records up to now are in their file. */
  flush(): Promise<void>;
}

/**
 * Answers the agent of the same node on a Unix socket: `GET /status`, and `POST /flush`, which writes the records
 * first and then answers the same. Replaces a socket left behind. Throws INFEROMETER_RUN_DIR when there can be none.
 */
export function serveStatus(path: string, source: StatusSource): Promise<Server> {
  const server = createServer((request, response) => void answer(source, request, response));
  rmSync(path, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new InferometerError('INFEROMETER_RUN_DIR', `--status-socket ${path}: ${messageOf(error)}`));
    });
    server.listen(path, () => resolve(server));
  });
}

async function answer(source: StatusSource, { method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = `${method} ${url}`;
  if (route === 'POST /flush') await source.flush();
  const found = route === 'GET /status' || route === 'POST /flush';
  response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
  response.end(found ? JSON.stringify(source.status()) : '{}');
}
