import { connections, type Cell, levels, type Results } from './measure.ts';
import { median, quantile } from './quantile.ts';
import { type Variant, variants } from './relays.ts';

/** One figure of all variants. `added` figures are differences to the direct connection. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly values: Readonly<Partial<Record<Variant, number>>>;
  /** The meter's value by nginx's. */
  readonly ratio?: number;
  readonly target?: string;
  readonly met?: boolean;
}

/** The system counts CPU in hundredths of a second: less than this says nothing. */
const leastCpuMs = 50;

export function rowsOf(results: Results): readonly Row[] {
  const of = (values: (variant: Variant) => number | undefined): Row['values'] =>
    Object.fromEntries(variants.map((name) => [name, values(name)]).filter(([, value]) => value !== undefined));
  const cell = (variant: Variant, streams: number) =>
    results.cells.find((candidate) => candidate.variant === variant && candidate.streams === streams);
  const added = (streams: number, part: number, records: (cell: Cell) => readonly number[]) =>
    of((variant) => {
      const [own, direct] = [cell(variant, streams), cell('direct', streams)];
      const [value, base] = [own && quantile(records(own), part), direct && quantile(records(direct), part)];
      if (value === undefined || base === undefined) return undefined;
      return variant === 'direct' ? value : value - base;
    });
  const perLevel = (streams: number): Row[] => [
    row(
      `CPU per chunk, ${streams} streams`,
      'µs',
      of((name) => cpuPerChunk(cell(name, streams))),
      {
        ...(streams === 64 || streams === 128 ? { ratioAtMost: 1.5 } : {}),
      },
    ),
    row(
      `added TTFT, median, ${streams} streams`,
      'ms',
      added(streams, 0.5, ({ ttftMs }) => ttftMs),
      {
        ...(streams === 64 && { below: 0.3 }),
      },
    ),
    row(
      `added TTFT, p99, ${streams} streams`,
      'ms',
      added(streams, 0.99, ({ ttftMs }) => ttftMs),
      {
        ...(streams === 64 && { below: 3 }),
      },
    ),
    row(
      `added delay of a chunk, median, ${streams} streams`,
      'ms',
      added(streams, 0.5, ({ delaysMs }) => delaysMs),
    ),
    row(
      `added delay of a chunk, p99, ${streams} streams`,
      'ms',
      added(streams, 0.99, ({ delaysMs }) => delaysMs),
    ),
    row(
      `chunks delivered, ${streams} streams`,
      '1/s',
      of((name) => rate(cell(name, streams))),
    ),
    row(
      `chunks in one read of the client, ${streams} streams`,
      '',
      of((name) => merged(cell(name, streams))),
    ),
  ];
  const memory = (what: 'atMostStreams' | 'stalledClient') => of((name) => results.memoryMb[name]?.[what]);
  return [
    ...levels.flatMap(perLevel),
    row(
      'highest rate of chunks, none merged',
      '1/s',
      of((name) => median(results.unmerged[name])),
      { atLeast: 45_000 },
    ),
    row(
      `unstreamed requests, ${connections} connections`,
      '1/s',
      of((name) => median(results.requests[name])),
    ),
    row('resident memory, 512 streams', 'MB', memory('atMostStreams'), { below: 90 }),
    row('resident memory, a client that stops reading', 'MB', memory('stalledClient'), { below: 90 }),
  ];
}

interface Target {
  readonly below?: number;
  readonly atLeast?: number;
  readonly ratioAtMost?: number;
}

function row(what: string, unit: string, values: Row['values'], target: Target = {}): Row {
  const { nginx, meter } = values;
  const ratio = nginx !== undefined && meter !== undefined && nginx > 0 && meter > 0 ? meter / nginx : undefined;
  const { below, atLeast, ratioAtMost } = target;
  const [text, met] =
    below !== undefined
      ? [`< ${below}`, meter !== undefined && meter < below]
      : atLeast !== undefined
        ? [`>= ${atLeast}`, meter !== undefined && meter >= atLeast]
        : ratioAtMost !== undefined
          ? [`<= ${ratioAtMost} × nginx`, ratio !== undefined && ratio <= ratioAtMost]
          : [];
  return {
    what,
    unit,
    values,
    ...(ratio !== undefined && { ratio }),
    ...(text !== undefined && met !== undefined && { target: text, met }),
  };
}

function cpuPerChunk(cell: Cell | undefined): number | undefined {
  return cell && cell.cpuMs >= leastCpuMs ? (cell.cpuMs * 1000) / cell.delaysMs.length : undefined;
}

function rate(cell: Cell | undefined): number | undefined {
  return cell && cell.delaysMs.length / cell.seconds;
}

function merged(cell: Cell | undefined): number | undefined {
  return cell && cell.delaysMs.length / cell.reads;
}

/** A table in Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ what, unit, values, ratio, target, met }) => [
    what + (unit && ` (${unit})`),
    ...variants.map((variant) => figure(values[variant])),
    ratio === undefined ? '' : ratio.toFixed(2),
    target === undefined ? '' : `${target}: ${met === true ? 'met' : 'missed'}`,
  ]);
  const all = [['what', ...variants, 'meter / nginx', 'target'], ...cells];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const lines = all.map((line) => `| ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  return [lines[0], `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...lines.slice(1), ''].join('\n');
}

function figure(value: number | undefined): string {
  if (value === undefined) return '';
  return Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 5 ? value.toFixed(1) : value.toFixed(2);
}
