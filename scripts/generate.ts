/*
 * npm run generate: writes every generated file of the repository.
 * npm run generate -- --check: writes nothing, names the files that are out of date and exits with 1 if there are any.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { dashboards } from '@inferometer/grafana/index-of-dashboards';
import { rulesYaml } from '@inferometer/prometheus/rules-yaml';
import { configurationPage } from './docs/configuration.ts';
import { metricsPage } from './docs/metrics.ts';

/** A file that is written by a program and committed. */
export interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: () => string;
}

/** Every generated file. */
export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'docs/metrics.md', text: metricsPage },
  { path: 'docs/configuration.md', text: configurationPage },
  { path: 'prometheus/dist/rules.yaml', text: rulesYaml },
  ...Object.entries(dashboards).map(([name, dashboard]) => ({
    path: `grafana/dist/${name}.json`,
    text: () => `${JSON.stringify(dashboard(), null, 2)}\n`,
  })),
];

const root = resolve(import.meta.dirname, '..');

async function isCurrent({ path, text }: GeneratedFile): Promise<boolean> {
  const committed = await readFile(resolve(root, path), 'utf8').catch(() => undefined);
  return committed === text();
}

async function write({ path, text }: GeneratedFile): Promise<void> {
  const file = resolve(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text());
}

async function main(check: boolean): Promise<void> {
  for (const file of generatedFiles) {
    if (await isCurrent(file)) continue;
    if (!check) await write(file);
    process.stdout.write(`${file.path} ${check ? 'is out of date: npm run generate' : 'written'}\n`);
    if (check) process.exitCode = 1;
  }
}

if (process.argv[1] === import.meta.filename) await main(process.argv.includes('--check'));
