import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What is answered on a path: a body, or a status. A path that is not there is answered with 404. */
export type Answers = Record<string, string | number>;

/** A server that answers as it is told; changes of the answers take effect at once. */
export async function answering(answers: Answers): Promise<{ readonly url: URL; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ''] ?? 404;
    if (typeof answer === 'number') response.writeHead(answer).end();
    else response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), close };
}
