import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { execa } from 'execa';
import { httpExchange } from '@inferometer/core/http-request';
import { poll } from './poll.ts';

const root = new URL('../..', import.meta.url).pathname;

/** A program under test: what it wrote so far, and how to end it. */
export interface Running {
  readonly output: () => string;
  /** Ends it by TERM; resolves to its exit code, 137 and the like after a signal. */
  stop(): Promise<number>;
  /** Resolves when it ends by itself. */
  readonly ended: Promise<number>;
  readonly pid: number;
}

/** Starts a program in the repository's root. */
export function start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  let text = '';
  const child = execa(command, args, { cwd: root, env, reject: false, stdin: 'ignore', all: true, buffer: false });
  child.all.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = child.then(({ exitCode }) => exitCode ?? -1);
  const stop = (): Promise<number> => {
    child.kill('SIGTERM');
    return ended;
  };
  return { output: () => text, stop, ended, pid: child.pid ?? -1 };
}

/** Starts one of test/fakes that is a server; resolves with its URL. */
export async function startFake(
  name: string,
  args: readonly string[],
  listen = '127.0.0.1:0',
): Promise<Running & { readonly url: URL }> {
  const fake = start(process.execPath, ['--import', 'tsx', `test/fakes/${name}.ts`, '--listen', listen, ...args]);
  const url = await poll(`${name} to listen`, () => /listening on (http:\S+)/.exec(fake.output())?.[1]);
  return { ...fake, url: new URL(url) };
}

/** Resolves when a URL answers 200; fails with the program's output when it does not. */
export async function untilAnswers(url: URL, program: Running): Promise<URL> {
  return poll(`${url.href} to answer`, async () => ((await answers(url)) ? url : undefined), program.output);
}

async function answers(url: URL): Promise<boolean> {
  const response = await httpExchange(url, { timeoutMs: 1000 }).catch(() => undefined);
  return response?.status === 200;
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** So many TCP ports of 127.0.0.1, all different, that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
