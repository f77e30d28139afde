import { describe, it } from 'vitest';
import { hasPart, howTo, type parts } from '../../scripts/parts.mjs';

export type Part = keyof typeof parts;

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
