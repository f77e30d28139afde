import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { NvidiaSmiCollector } from '../../src/collectors/nvidia-smi/collector.ts';
import { linesOf } from './golden.ts';
import { RecordedLog } from './recorded-log.ts';

const fake = join(import.meta.dirname, '../../../test/fakes/nvidia-smi');

/** Settings of the simulated nvidia-smi, as its variables are named after FAKE_NVIDIA_SMI_. */
export type Settings = Readonly<Record<string, string>>;

/** Concurrent tests each have their own. */
type Test = Pick<TestContext, 'onTestFinished'>;

/** A simulated nvidia-smi with settings of its own; those in `queries` hold for all but its help. */
export function program(
  test: Test,
  settings: Settings,
  queries: Settings = {},
): { readonly path: string; pid(): number } {
  const folder = mkdtempSync(join(tmpdir(), 'inferometer-'));
  test.onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'nvidia-smi');
  const exports = (values: Settings) =>
    Object.entries(values).map(([name, value]) => `export FAKE_NVIDIA_SMI_${name}='${value}'`);
  const lines = [
    '#!/bin/sh',
    ...exports(settings),
    'case "$*" in *--help-query-gpu*) ;; *)',
    ...exports(queries),
    ';; esac',
    `echo $$ > '${folder}/pid'`,
    `exec '${fake}' "$@"`,
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);
  chmodSync(path, 0o700);
  return { path, pid: () => Number(readFileSync(join(folder, 'pid'), 'utf8')) };
}

/** A collector that has been started on the program; it is closed when the test is over. */
export function collect(test: Test, command: string, intervalMs = 200) {
  const recorded = new RecordedLog();
  const collector = new NvidiaSmiCollector({ command, intervalMs }, recorded.log);
  test.onTestFinished(() => collector.close());
  collector.start();
  const lines = (name: string) => linesOf(collector.families(), name);
  return { collector, recorded, lines, reading: () => recorded.until('nvidia-smi: reading') };
}
