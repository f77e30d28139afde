import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OptionTable } from '@inferometer/core/config/options';
import { type OptionSources, resolveOptions } from '@inferometer/core/config/resolve';
import { ConfigError } from '@inferometer/core/errors';
import { afterAll } from 'vitest';
import { thrownBy } from '../thrown-by.ts';

const folder = mkdtempSync(join(tmpdir(), 'inferometer-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

/** One option of each sort. */
export const table = {
  run: { kind: 'text', help: 'Run id.', defaultHelp: 'made up' },
  engine: { kind: 'text', help: 'Kind of server.', choices: ['ollama', 'vllm'] },
  'run-dir': { kind: 'path', help: 'Run directory.' },
  listen: { kind: 'host:port', help: 'Where to listen.' },
  ollama: { kind: 'url', help: 'A server.', multiple: true },
  pushgateway: { kind: 'url', help: 'The Pushgateway.', aliases: ['pushgateway_url'] },
  'push-interval': { kind: 'duration', help: 'Push pause.', default: '5s', aliases: ['prometheus_push_interval'] },
  'sample-interval': { kind: 'duration', help: 'Tick.', default: '1s', aliases: ['monitor_interval'] },
  quiet: { kind: 'flag', help: 'Says less.' },
  config: { kind: 'path', help: 'YAML file.' },
} as const satisfies OptionTable;

export function resolve(argv: readonly string[], env: OptionSources['env'] = {}) {
  return resolveOptions(table, { argv, env });
}

/** The problems of the ConfigError that these sources end in. */
export function problemsOf(argv: readonly string[], env: OptionSources['env'] = {}): readonly string[] {
  const error = thrownBy(() => resolve(argv, env));
  if (!(error instanceof ConfigError)) throw error;
  return error.problems;
}

/** A configuration file with this text. */
export function configFile(text: string): string {
  files += 1;
  const path = join(folder, `${files}.yaml`);
  writeFileSync(path, text);
  return path;
}
