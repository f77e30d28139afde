import type { Peer } from './peer.ts';

/** Resolves when so many bytes have arrived in all. */
export function arrival({ socket, received }: Peer, length: number): Promise<void> {
  let there = received.length;
  return new Promise((resolve) => {
    const count = (chunk: Buffer): void => {
      there += chunk.length;
      if (there < length) return;
      socket.off('data', count);
      resolve();
    };
    if (there >= length) resolve();
    else socket.on('data', count);
  });
}
