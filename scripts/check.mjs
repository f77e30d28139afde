// npm run check: what can be said of the sources without running them.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureDependencies, root } from './dependencies.mjs';
import { hasPart } from './parts.mjs';
import { fail, step } from './say.mjs';

const checks = [
  ['types', 'tsc'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'oxfmt', '--check', '.'],
  ['dead code', 'knip'],
  ['generated = committed', 'tsx', 'scripts/generate.ts', '--check'],
  ...(hasPart('shellcheck') ? [['shell', 'shellcheck', 'sbatch/inferometer.sh']] : []),
];

/** Runs every check and returns the names of those that failed. */
export function runChecks() {
  const bin = join(root, 'node_modules', '.bin');
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  return checks.flatMap(([name, command, ...args]) => {
    step(`check: ${name}`);
    const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env });
    return status === 0 ? [] : [name];
  });
}

if (process.argv[1] === import.meta.filename) {
  ensureDependencies();
  const failed = runChecks();
  if (failed.length > 0) fail(`failed: ${failed.join(', ')}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}
