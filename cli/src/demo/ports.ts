import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

/** The preferred port of 127.0.0.1 when it is free, else any free one. */
export async function freePort(preferred: number): Promise<number> {
  return (await tryPort(preferred)) ?? (await tryPort(0)) ?? preferred;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}

/** The address by which Docker's containers reach this machine, where there is a Docker bridge. */
export function dockerBridge(): string | undefined {
  return networkInterfaces()['docker0']?.find(({ family }) => family === 'IPv4')?.address;
}
