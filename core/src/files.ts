import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { InferometerError, messageOf } from './errors.ts';

/** Makes a folder that its owner alone can enter. Throws INFEROMETER_RUN_DIR with the path and the cause. */
export function makePrivateDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new InferometerError('INFEROMETER_RUN_DIR', `${path}: cannot be made: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Replaces a JSON file in one step: a reader sees the old text or the new one, never a part. Mode 0600. Throws
 * INFEROMETER_RUN_DIR with the path and the cause.
 */
export function writeJsonAtomically(path: string, value: unknown): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    const problem = `${path}: cannot be written: ${messageOf(error)}`;
    throw new InferometerError('INFEROMETER_RUN_DIR', problem, { cause: error });
  }
}

/**
 * The secret in a file, without line ends around it. Throws INFEROMETER_SECRET_FILE when the file is missing, empty,
 * longer than 4 KiB, or readable by anyone but its owner.
 */
export function readSecretFile(path: string): string {
  const refuse = (why: string, cause?: unknown) =>
    new InferometerError('INFEROMETER_SECRET_FILE', `${path}: ${why}`, { cause });
  try {
    const { mode, size } = statSync(path);
    if ((mode & 0o077) !== 0) throw refuse('others can read it; run: chmod 600');
    if (size > 4096) throw refuse('longer than 4 KiB, so no token or password');
    const secret = readFileSync(path, 'utf8').trim();
    if (secret === '') throw refuse('empty');
    return secret;
  } catch (error) {
    throw error instanceof InferometerError ? error : refuse(`cannot be read: ${messageOf(error)}`, error);
  }
}
