import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentOptions, meterOptions } from '@inferometer/cli/options';
import { resolveOptions } from '@inferometer/core/config/resolve';
import { expect, test } from 'vitest';
import { exampleFile } from '../../scripts/docs/configuration.ts';
import { folder } from './program.ts';

test('the example of a configuration file is right', () => {
  const path = join(folder, 'example.yaml');
  writeFileSync(path, exampleFile);
  const { values } = resolveOptions(agentOptions, { argv: ['--config', path], env: {} });
  expect(values['sample-interval']).toBe(1000);
});

test('the help of every option is made of sentences', () => {
  const helps = Object.values({ ...agentOptions, ...meterOptions }).map(({ help }) => help);
  expect(helps.filter((help) => !/^[A-Z].*\.$/.test(help))).toEqual([]);
});
