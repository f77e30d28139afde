import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from '@inferometer/core/version';
import { expect, test } from 'vitest';

test('package.json says the same version', () => {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  expect(JSON.parse(text)).toMatchObject({ version });
});
