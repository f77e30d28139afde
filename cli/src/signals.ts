import { constants } from 'node:os';

/** Resolves with the first TERM, INT or HUP (a closed terminal). Later ones are ignored: the first is being obeyed. */
export function termination(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
  });
}

/** The exit code by which a shell reports a program that a signal ended. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
