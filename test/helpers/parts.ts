import { describe, it } from 'vitest';
import { hasPart, howTo, type parts } from '../../scripts/parts.mjs';

export type Part = keyof typeof parts;

/** Whether a test that needs a part runs: with CI=true always, and it fails there where the part is missing. */
export interface Need {
  readonly skip: boolean;
  /** For the end of the test's name: empty, or what is missing and the command that provides it. */
  readonly note: string;
}

export function need(part: Part): Need {
  const isThere = hasPart(part);
  return {
    skip: !isThere && process.env['CI'] !== 'true',
    note: isThere ? '' : ` (${part} is missing; ${howTo(part)})`,
  };
}

/**
 * A suite that needs real programs. Where one is missing the suite is skipped, with the command that provides it in its
 * name; with CI=true it fails instead.
 */
export function suiteWith(needed: readonly Part[], title: string, body: () => void): void {
  const missing = needed.filter((part) => !hasPart(part));
  if (missing.length === 0) return void describe(title, body);
  const help = missing.map((part) => `${part} is missing; ${howTo(part)}`).join('; ');
  if (process.env['CI'] !== 'true') return void describe.skip(`${title} (${help})`, body);
  describe(title, () => {
    it('has the programs that it needs', () => {
      throw new Error(help);
    });
  });
}
