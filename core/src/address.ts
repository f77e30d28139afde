import type { AddressInfo } from 'node:net';

/** Where to listen. `host` is an address or a name without brackets; port 0 lets the system choose. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Reads `127.0.0.1:6000`, `node7:0` or `[::1]:6000`; undefined for any other text. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port <= 65535 ? { host, port } : undefined;
}

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The address that a server is really bound to. */
export function boundTo(address: AddressInfo | string | null): HostPort {
  if (address === null || typeof address === 'string') throw new Error('the server listens on no TCP port');
  return { host: address.address, port: address.port };
}

/** The `server` label of an engine: host and port of its URL, the port written out. */
export function serverName(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
