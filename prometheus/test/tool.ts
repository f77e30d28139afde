import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether a test that needs a program of the system can run. */
export interface Tool {
  /** Skip the test. Never true with CI=true: there the test fails instead. */
  readonly skip: boolean;
  /** For the end of the test's name: empty, or what is missing and how to get it. */
  readonly note: string;
}

export function tool(program: string, install: string): Tool {
  const missing = !isOnPath(program);
  return { skip: missing && process.env['CI'] !== 'true', note: missing ? ` (no ${program} on PATH: ${install})` : '' };
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => isExecutable(join(folder, program)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
