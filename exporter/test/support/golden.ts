import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import { createSnapshot, snapshotText } from '@inferometer/core/snapshot';
import { expect } from 'vitest';

const root = join(import.meta.dirname, '..', 'fixtures');

/** A folder with what a source answers and, in `want.prom`, what we expose for it. */
export interface Fixture {
  readonly name: string;
  read(file: string): string;
  /** The families, as a snapshot exposes them, are those of the folder. */
  expect(families: readonly MetricFamily[]): Promise<void>;
}

export function fixture(kind: string, name: string): Fixture {
  const folder = join(root, kind, name);
  return {
    name,
    read: (file) => readFileSync(join(folder, file), 'utf8'),
    expect: (families) => expect(textOf(families)).toMatchFileSnapshot(join(folder, 'want.prom')),
  };
}

export function fixtures(kind: string): readonly Fixture[] {
  return readdirSync(join(root, kind)).map((name) => fixture(kind, name));
}

/** Every golden there is, as its path below the fixtures. */
export function goldens(): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('want.prom'));
}

export function readGolden(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The exposition of one snapshot that holds these families. */
export function textOf(families: readonly MetricFamily[]): string {
  return snapshotText(createSnapshot(1, 0, [families]));
}

/** The lines of an exposition that have values, those of one metric where a name is given. */
export function linesOf(families: readonly MetricFamily[], name = ''): readonly string[] {
  const lines = textOf(families).split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#') && line.startsWith(name));
}
