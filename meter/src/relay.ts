import { connect, type Socket } from 'node:net';

/** Where the engine listens. */
export type Upstream = { readonly host: string; readonly port: number } | { readonly path: string };

/** Who watches a copy of a connection's bytes. Nothing it does reaches the bytes. */
export interface Watcher {
  fromClient(bytes: Buffer): void;
  fromServer(bytes: Buffer): void;
  /** The client ended its side before the engine did: it left, or at least says no more. */
  clientLeft(): void;
  /** The engine says no more. May be called again. */
  close(): void;
}

/**
 * Relays a client's connection over one connection of its own to the engine: raw bytes both ways, as they come, with
 * back-pressure both ways. An end of either side is passed on as an end, a reset as a reset. No timeouts.
 */
export function relay(client: Socket, upstream: Upstream, watcher: Watcher): void {
  const server = connect({ ...upstream, allowHalfOpen: true, noDelay: true });
  client.setNoDelay(true);
  // The system notices a client that vanished without a word; an answer that is long in coming is none of its business.
  client.setKeepAlive(true, 60_000);
  copy(client, server, (bytes) => watcher.fromClient(bytes));
  copy(server, client, (bytes) => watcher.fromServer(bytes));
  client.on('close', (failed) => follow(server, failed));
  server.on('close', (failed) => {
    onceAsked(client, server, () => follow(client, failed));
  });
  watchEnds(client, server, watcher);
}

/** An engine that cannot be reached, or left at once: the request is read first, so that it is known what failed. */
function onceAsked(client: Socket, server: Socket, act: () => void): void {
  const isSilent = server.bytesRead === 0 && client.bytesRead === 0 && !client.readableEnded;
  if (isSilent) client.once('data', act).once('end', act);
  else act();
}

/** Passes the bytes of one socket to the other, no faster than that one takes them. */
function copy(from: Socket, to: Socket, watch: (bytes: Buffer) => void): void {
  from.on('data', (bytes: Buffer) => {
    if (!to.destroyed && !to.write(bytes)) from.pause();
    watch(bytes);
  });
  to.on('drain', () => from.resume());
  from.on('end', () => to.end());
}

/** The other side is gone: this one goes at once after an error, else when what was written is delivered. */
function follow(socket: Socket, failed: boolean): void {
  if (failed) socket.resetAndDestroy();
  else socket.destroySoon();
}

/** Tells the watcher when the client is first to end, and when nothing more can come from the engine. */
function watchEnds(client: Socket, server: Socket, watcher: Watcher): void {
  let isEnding = false;
  const clientEnds = (): void => {
    if (!isEnding) watcher.clientLeft();
    isEnding = true;
  };
  const serverEnds = (): void => void (isEnding = true);
  client.on('end', clientEnds).on('error', clientEnds);
  server.on('end', serverEnds).on('error', serverEnds);
  server.on('end', () => onceAsked(client, server, () => watcher.close()));
  // Without an end: once both are gone, so that what the client still sent has been seen.
  let open = 2;
  const closed = (): void => {
    open -= 1;
    if (open === 0) watcher.close();
  };
  client.on('close', closed);
  server.on('close', closed);
}
