import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { InferometerError } from '@inferometer/core/errors';
import { httpExchange } from '@inferometer/core/http-request';
import { execa } from 'execa';

const readyTimeoutMs = 20_000;
const pollMs = 50;

export interface ChildSetup {
  /** Stands in messages and names the log. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

type Child = ReturnType<typeof startChild>;

/** Programs that the demo starts, each with a log of its own, and ends again, the last one first. */
export class Children {
  readonly #folder: string;
  readonly #running: Child[] = [];
  #isStopping = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a program; resolves with what `ready` finds first. Throws INFEROMETER_CHILD with the end of its log. */
  async start<T>(setup: ChildSetup, ready: (log: string) => Promise<T | undefined>): Promise<T> {
    const logPath = join(this.#folder, `${setup.name}.log`);
    if (this.#isStopping) throw new InferometerError('INFEROMETER_CHILD', `${setup.name} is not started: ending`);
    const child = startChild(setup, logPath);
    this.#running.push(child);
    const deadline = performance.now() + readyTimeoutMs;
    while (child.exitCode === null && performance.now() < deadline) {
      const found = await ready(readFileSync(logPath, 'utf8'));
      if (found !== undefined) return found;
      await delay(pollMs);
    }
    const tail = readFileSync(logPath, 'utf8').trim().split('\n').slice(-5);
    throw new InferometerError('INFEROMETER_CHILD', [
      `${setup.name} did not get ready; it said:`,
      ...tail.map((line) => `  ${line}`),
    ]);
  }

  /** Ends all of them by TERM, KILL after 10 s, and resolves when they are gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const child of this.#running.toReversed()) {
      child.kill('SIGTERM');
      await child;
    }
  }
}

function startChild({ command, args, env }: ChildSetup, logPath: string) {
  writeFileSync(logPath, '', { mode: 0o600 });
  const log = { file: logPath, append: true } as const;
  return execa(command, args, {
    stdin: 'ignore',
    stdout: log,
    stderr: log,
    reject: false,
    // Of a process group of its own: Ctrl-C reaches us alone, and we end them in order.
    detached: true,
    forceKillAfterDelay: 10_000,
    ...(env && { env }),
  });
}

/** A `ready` that looks for a line of the log. */
export function logged(pattern: RegExp): (log: string) => Promise<string | undefined> {
  return (log) => Promise.resolve(pattern.exec(log)?.[1]);
}

/** A `ready` that waits for HTTP 200. */
export function answering(url: URL): () => Promise<URL | undefined> {
  return async () => {
    const answer = await httpExchange(url, { timeoutMs: 1000 }).catch(() => undefined);
    return answer?.status === 200 ? url : undefined;
  };
}
