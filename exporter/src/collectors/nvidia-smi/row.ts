import type { QueryField, WantedField } from './fields.ts';

/** One line of the loop's output, by our names. A cell that is no number is absent from `numbers`. */
export interface GpuRow {
  readonly texts: Readonly<Partial<Record<WantedField, string>>>;
  readonly numbers: Readonly<Partial<Record<WantedField, number>>>;
}

/**
 * Reads a line of `--format=csv,noheader,nounits`: cells in the order asked for, divided by comma and space, never
 * quoted. A line with another number of cells, or without an index, is none of ours: undefined. nvidia-smi prints
 * `[N/A]`, `[GPU is lost]` and the like in place of numbers, with exit code 0.
 */
export function parseRow(line: string, fields: readonly QueryField[]): GpuRow | undefined {
  const cells = line.split(', ').map((cell) => cell.trim());
  if (cells.length !== fields.length) return undefined;
  const texts: Partial<Record<WantedField, string>> = {};
  const numbers: Partial<Record<WantedField, number>> = {};
  fields.forEach(({ wanted }, position) => {
    const cell = cells[position] ?? '';
    texts[wanted] = cell;
    if (/^-?\d+(\.\d+)?$/.test(cell)) numbers[wanted] = Number(cell);
  });
  return numbers.index === undefined || !texts.uuid?.startsWith('GPU-') ? undefined : { texts, numbers };
}
