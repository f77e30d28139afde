import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePrivateDir, readSecretFile, writeJsonAtomically } from '@inferometer/core/files';
import { afterAll, describe, expect, test } from 'vitest';
import { thrownBy } from './thrown-by.ts';

const folder = mkdtempSync(join(tmpdir(), 'inferometer-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

function fileWith(name: string, text: string, permissions: number): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, permissions);
  return path;
}

test('a private folder and those made on the way to it are open to their owner alone', () => {
  makePrivateDir(join(folder, 'a', 'b'));
  expect([mode(join(folder, 'a')), mode(join(folder, 'a', 'b'))]).toEqual(['700', '700']);
});

test('a folder that cannot be made is a fault of the run directory, named with its path', () => {
  const path = join(fileWith('file', '', 0o600), 'below');
  expect(thrownBy(() => makePrivateDir(path))).toMatchObject({
    code: 'INFEROMETER_RUN_DIR',
    problems: [expect.stringMatching(`^${path}: cannot be made: ENOTDIR`)],
  });
});

describe('writeJsonAtomically', () => {
  test('replaces a file, which its owner alone can read, and leaves nothing else behind', () => {
    const path = join(folder, 'json', 'agent.json');
    makePrivateDir(join(folder, 'json'));
    writeJsonAtomically(path, { version: 1 });
    writeJsonAtomically(path, { version: 2 });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ version: 2 });
    expect(mode(path)).toBe('600');
    expect(readdirSync(join(folder, 'json'))).toEqual(['agent.json']);
  });

  test('a file that cannot be written is a fault of the run directory, named with its path', () => {
    const path = join(folder, 'missing', 'agent.json');
    expect(thrownBy(() => writeJsonAtomically(path, {}))).toMatchObject({
      code: 'INFEROMETER_RUN_DIR',
      problems: [expect.stringMatching(`^${path}: cannot be written: ENOENT`)],
    });
  });
});

describe('readSecretFile', () => {
  test.each([0o600, 0o400])('reads a file of mode %o without the line ends around the secret', (permissions) => {
    expect(readSecretFile(fileWith('token', '\ns3cret\r\n', permissions))).toBe('s3cret');
    rmSync(join(folder, 'token'));
  });

  test.each([0o640, 0o604, 0o644, 0o620, 0o610])('refuses a file of mode %o', (permissions) => {
    const path = fileWith('open', 's3cret', permissions);
    expect(thrownBy(() => readSecretFile(path))).toMatchObject({
      code: 'INFEROMETER_SECRET_FILE',
      problems: [`${path}: others can read it; run: chmod 600`],
    });
  });

  test.each([
    ['is empty', 'empty', ' \n', 'empty'],
    ['is longer than a secret', 'long', 'x'.repeat(4097), 'longer than 4 KiB, so no token or password'],
  ])('refuses a file that %s', (_, name, text, why) => {
    const path = fileWith(name, text, 0o600);
    expect(thrownBy(() => readSecretFile(path))).toMatchObject({ problems: [`${path}: ${why}`] });
  });

  test('refuses a file that is not there', () => {
    const path = join(folder, 'nowhere');
    expect(thrownBy(() => readSecretFile(path))).toMatchObject({
      code: 'INFEROMETER_SECRET_FILE',
      problems: [expect.stringMatching(`^${path}: cannot be read: ENOENT`)],
    });
  });

  test('never says what is in the file', () => {
    const error = thrownBy(() => readSecretFile(fileWith('leak', 's3cret', 0o644)));
    expect(String(error)).not.toContain('s3cret');
  });
});
