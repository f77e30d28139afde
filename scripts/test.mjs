// npm test: everything, from a fresh clone: packages, real parts, checks, then unit, contract and end-to-end tests.
// `npm run e2e` runs the end-to-end tests alone. The last line counts: `tests: N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runChecks } from './check.mjs';
import { ensureDependencies, root } from './dependencies.mjs';
import { ensureParts, hasPart, howTo, parts } from './parts.mjs';
import { fail, step, warn } from './say.mjs';

const projects = process.argv[2] === 'e2e' ? ['e2e'] : ['unit', 'contract', 'e2e'];

ensureDependencies();
ensureParts(Object.keys(parts));
const failedChecks = projects.length > 1 ? runChecks() : [];

const report = join(root, '.cache', 'vitest.json');
mkdirSync(join(root, '.cache'), { recursive: true });
rmSync(report, { force: true });
step(`vitest: ${projects.join(', ')}`);
const vitest = spawnSync(
  join(root, 'node_modules', '.bin', 'vitest'),
  [
    'run',
    ...projects.flatMap((name) => ['--project', name]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ],
  { cwd: root, stdio: 'inherit' },
);

const {
  numPassedTests = 0,
  numFailedTests = 0,
  numPendingTests = 0,
  numTodoTests = 0,
  numFailedTestSuites = 0,
} = readReport();
const missing = Object.keys(parts).filter((name) => !hasPart(name));
for (const name of missing) warn(`tests of ${name} were skipped; ${howTo(name)}`);
for (const name of failedChecks) fail(`check failed: ${name}`);
// A suite that could not even be loaded has no tests of its own to fail.
const brokenSuites = vitest.status !== 0 && numFailedTests === 0 ? Math.max(1, numFailedTestSuites) : 0;
const skipped = numPendingTests + numTodoTests;
const skipsFail = process.env.CI === 'true' && skipped > 0;
if (skipsFail) fail(`${skipped} skipped tests: with CI=true every part has to be there`);
const failed = numFailedTests + brokenSuites + failedChecks.length + (skipsFail ? skipped : 0);
process.exitCode = failed > 0 ? 1 : 0;
console.log(`tests: ${numPassedTests} passed, ${failed} failed, ${skipsFail ? 0 : skipped} skipped`);

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return {};
  }
}
