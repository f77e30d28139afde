import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll } from 'vitest';

/** The command line under test. */
export const program = join(import.meta.dirname, '../../bin/inferometer');

/** Starting takes a second, and more where several tests share the cores. */
export const slow = { timeout: 60_000 };

/** A server that is not there. */
export const nowhere = 'http://127.0.0.1:1';

/** What the tests of a file leave behind; gone at its end. */
export const folder = mkdtempSync(join(tmpdir(), 'inferometer-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

export type Env = Readonly<Record<string, string>>;

/** Starts `inferometer` away from Slurm, from other runs and from the variables of whoever runs the tests. */
export function startInferometer(args: readonly string[], env: Env = {}) {
  return execa(program, args, {
    extendEnv: false,
    env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, ...env },
    stdin: 'ignore',
    reject: false,
    timeout: 50_000,
    killSignal: 'SIGKILL',
  });
}

export interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `inferometer` to its end. */
export async function inferometer(args: readonly string[], env?: Env): Promise<Outcome> {
  const { exitCode, stdout, stderr, timedOut } = await startInferometer(args, env);
  if (timedOut) throw new Error(`inferometer ${args.join(' ')} does not end; it said: ${stderr}`);
  return { exitCode, stdout, stderr };
}
