import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const msPerTick = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Milliseconds of CPU that a process has had, its threads and the system's work for it included. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

/** Resident memory in MB (10^6 bytes). */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1.024e-3;
}

/** The highest resident memory of a process while time passes. */
export async function peakResidentMb(pid: number, durationMs: number): Promise<number> {
  let peak = 0;
  for (let passed = 0; passed < durationMs; passed += 50) {
    peak = Math.max(peak, residentMb(pid));
    await sleep(50);
  }
  return peak;
}

/** A relay has the first core for itself, as far as we can say; the engine and the client have the others. */
export function pin(pid: number, to: 'relay core' | 'other cores'): void {
  const cores = availableParallelism();
  if (cores < 2) return;
  execFileSync('taskset', ['-a', '-c', '-p', to === 'relay core' ? '0' : `1-${cores - 1}`, String(pid)]);
}

export function childrenOf(pid: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid);
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[1],
    );
  } catch {
    return undefined;
  }
}

const children = new Set<ChildProcess>();
process.on('exit', () => children.forEach((child) => child.kill('SIGTERM')));

/** Starts a program, which ends with this one, and resolves with what it writes first, on either of its outputs. */
export async function startProgram(command: string, args: readonly string[]): Promise<[ChildProcess, string]> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  const said = await Promise.race([
    once(child.stdout, 'data'),
    once(child.stderr, 'data'),
    once(child, 'exit').then(() => {
      throw new Error(`${command} ${args.join(' ')}: ended at once`);
    }),
  ]);
  child.stdout.resume();
  child.stderr.resume();
  return [child, String(said[0])];
}

/** TERM, and resolves when it has ended. */
export async function stopProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
