/** npm run bench:meter: what the meter costs, beside a direct connection and beside nginx, in one run. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions, wrongUsage } from '../fakes/shared/program.ts';
import { measure, type Plan } from './measure.ts';
import { pin, startProgram, stopProgram } from './process.ts';
import { Relays } from './relays.ts';
import { rowsOf, tableOf } from './report.ts';

const help = `What the meter costs: a direct connection, nginx and the meter before the same simulated engine, in one run.

usage: npm run bench:meter -- [options]

  --quick         under a minute (default)
  --full          about six minutes: longer and more often
  --bundle FILE   the meter's program (default: built from the sources as they are)
  --json FILE     the figures for machines too
  -h, --help

It needs nginx in /usr/sbin and taskset. Progress goes to stderr, the table to stdout.
`;

const plans = {
  quick: {
    rounds: 2,
    settleMs: 150,
    windowMs: 350,
    requestsMs: 350,
    memoryMs: 800,
    rampSteps: 3,
    rampRounds: 1,
  },
  full: {
    rounds: 5,
    settleMs: 400,
    windowMs: 1500,
    requestsMs: 1500,
    memoryMs: 4000,
    rampSteps: 4,
    rampRounds: 2,
  },
} as const satisfies Record<string, Plan>;

const root = join(import.meta.dirname, '../..');

async function main(): Promise<void> {
  const options = readOptions(help, {
    quick: { type: 'boolean' },
    full: { type: 'boolean' },
    bundle: { type: 'string' },
    json: { type: 'string' },
  });
  if (!existsSync('/usr/sbin/nginx')) wrongUsage('/usr/sbin/nginx: not found');
  const mode = options.flag('full') ? 'full' : 'quick';
  const folder = mkdtempSync(join(tmpdir(), 'inferometer-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const bundle = options.has('bundle') ? options.text('bundle', '') : build(folder);
  const loadBefore = loadavg();
  const [engine, said] = await startProgram(process.execPath, [
    '--import',
    'tsx',
    join(import.meta.dirname, 'engine.ts'),
  ]);
  pin(engine.pid ?? 0, 'other cores');
  pin(process.pid, 'other cores');
  const say = (what: string) => void process.stderr.write(`${what}\n`);
  const results = await measure(new Relays(folder, bundle, Number(said)), plans[mode], say);
  await stopProgram(engine);
  const machine = describeMachine();
  const rows = rowsOf(results);
  process.stdout.write(`${mode}; ${machine}; load average ${loads(loadBefore)} before, ${loads(loadavg())} after\n\n`);
  process.stdout.write(tableOf(rows));
  process.stdout.write('\nadded: what nginx and the meter add to the figure of the direct connection\n');
  const json = options.text('json', '');
  if (json !== '') {
    const facts = { mode, machine, loadBefore, loadAfter: loadavg(), unmerged: results.unmerged, rows };
    writeFileSync(json, `${JSON.stringify(facts, undefined, 2)}\n`);
  }
}

/** The meter as it is installed: one file, of the sources as they are now. */
function build(folder: string): string {
  const file = join(folder, 'inferometer.mjs');
  execFileSync(join(root, 'node_modules/.bin/rolldown'), ['-c', 'rolldown.config.ts', '--file', file], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return file;
}

function describeMachine(): string {
  const [first] = cpus();
  return `${cpus().length} × ${first?.model ?? '?'}, ${process.platform} ${process.arch}, Node ${process.version}`;
}

function loads(values: readonly number[]): string {
  return values.map((value) => value.toFixed(2)).join(' ');
}

// So that the programs end with it.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
await main();
