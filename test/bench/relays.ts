import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './client.ts';
import { childrenOf, pin, startProgram, stopProgram } from './process.ts';

export const variants = ['direct', 'nginx', 'meter'] as const;
export type Variant = (typeof variants)[number];

/** What stands before the engine. */
export interface Relay extends Target {
  readonly variant: Variant;
  /** The process that relays; absent for a direct connection. */
  readonly pid?: number;
  stop(): Promise<void>;
}

/** Starts relays before one engine, with their files in a folder. */
export class Relays {
  readonly #folder: string;
  readonly #bundle: string;
  readonly #enginePort: number;
  #started = 0;

  constructor(folder: string, bundle: string, enginePort: number) {
    this.#folder = folder;
    this.#bundle = bundle;
    this.#enginePort = enginePort;
  }

  start(variant: Variant): Promise<Relay> {
    if (variant === 'nginx') return this.#nginx();
    if (variant === 'meter') return this.#meter();
    return Promise.resolve({ variant, port: this.#enginePort, stop: async () => {} });
  }

  async #meter(): Promise<Relay> {
    const upstream = `http://127.0.0.1:${this.#enginePort}`;
    const args = ['meter', '--engine', 'ollama', '--listen', '127.0.0.1:0', '--upstream', upstream];
    const [child, said] = await startProgram(process.execPath, [
      this.#bundle,
      ...args,
      '--run-dir',
      this.#newFolder('meter'),
    ]);
    const port = Number(/"listen":"[^"]*:(\d+)"/.exec(said)?.[1]);
    const pid = child.pid ?? 0;
    pin(pid, 'relay core');
    return { variant: 'meter', port, pid, stop: () => stopProgram(child) };
  }

  async #nginx(): Promise<Relay> {
    const [folder, port] = [this.#newFolder('nginx'), await freePort()];
    writeFileSync(join(folder, 'nginx.conf'), nginxConfig(folder, port, this.#enginePort));
    const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'];
    const [child] = await startProgram('/usr/sbin/nginx', args);
    let [pid] = childrenOf(child.pid ?? 0);
    for (; pid === undefined; [pid] = childrenOf(child.pid ?? 0)) await sleep(20);
    pin(pid, 'relay core');
    return { variant: 'nginx', port, pid, stop: () => stopProgram(child) };
  }

  #newFolder(name: string): string {
    this.#started += 1;
    const folder = join(this.#folder, `${name}-${this.#started}`);
    mkdirSync(folder);
    return folder;
  }
}

/** One worker that streams, keeps its connections to the engine and writes no log: nginx at its best. */
function nginxConfig(folder: string, port: number, enginePort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr notice;
events { worker_connections 8192; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  keepalive_requests 1000000000;
  upstream engine { server 127.0.0.1:${enginePort}; keepalive 1024; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://engine;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 1h;
    }
  }
}
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}
