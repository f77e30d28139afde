import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { MeterStatus } from '@inferometer/core/meter-status';

/** Answers `GET /status` on a Unix socket, for the agent of the same node. Replaces a socket left behind. */
export function serveStatus(path: string, status: () => MeterStatus): Promise<Server> {
  const server = createServer((request, response) => {
    const found = request.method === 'GET' && request.url === '/status';
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(found ? JSON.stringify(status()) : '{}');
  });
  rmSync(path, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}
