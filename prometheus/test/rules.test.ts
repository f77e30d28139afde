import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { rulesYaml } from '../src/rules-yaml.ts';
import { ruleGroups } from '../src/rules.ts';
import { need } from '../../test/helpers/parts.ts';

const root = join(import.meta.dirname, '..');
const testFolder = join(root, 'tests');
const slow = { timeout: 60_000 };
const promtool = need('prometheus');

test('the committed rules are the generated ones', () => {
  expect(readFileSync(join(root, 'dist/rules.yaml'), 'utf8')).toBe(rulesYaml());
});

test('rules of our own vocabulary are named inference:<what>:<op>, with the engine as a label', () => {
  for (const { name, rules } of ruleGroups) {
    const ours = rules.filter(({ record }) => record.includes(':'));
    expect(ours.length).toBeGreaterThan(0);
    for (const { record, labels } of ours) {
      expect(record).toMatch(/^inference:[a-z_]+:[a-z0-9]+$/);
      expect(labels).toEqual({ engine: name });
    }
  }
});

test.skipIf(promtool.skip)(`promtool accepts the rules${promtool.note}`, slow, async () => {
  const { exitCode } = await execa('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', 'dist/rules.yaml'], {
    cwd: root,
  });
  expect(exitCode).toBe(0);
});

test.skipIf(promtool.skip).each(readdirSync(testFolder))(
  `the rule tests of %s pass${promtool.note}`,
  slow,
  async (file) => {
    const { exitCode } = await execa('promtool', ['test', 'rules', file], { cwd: testFolder });
    expect(exitCode).toBe(0);
  },
);
