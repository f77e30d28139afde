import type { MetricFamily, MetricType, Sample } from './family.ts';
import { parseSample } from './parse-sample.ts';

/** A line that could not be read: its number from 1 and why. The other lines are read all the same. */
export interface ParseProblem {
  readonly line: number;
  readonly reason: string;
}

export interface ParsedText {
  readonly families: readonly MetricFamily[];
  readonly problems: readonly ParseProblem[];
}

interface OpenFamily {
  name: string;
  type: MetricType;
  help: string;
  samples: Sample[];
}

const types: ReadonlySet<string> = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);

/**
 * Reads the Prometheus text format 0.0.4. Total: whatever the bytes are, it returns what could be read and a
 * problem for each line that could not. Every label set of a histogram is kept apart. Timestamps are dropped.
 * Source: Prometheus, "Exposition formats", text format details.
 */
export function parseText(text: string): ParsedText {
  const families = new Map<string, OpenFamily>();
  const problems: ParseProblem[] = [];
  let line = 0;
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start);
    const stop = end === -1 ? text.length : end;
    line += 1;
    const reason = readLine(text.slice(start, stop).trimStart(), families);
    if (reason !== undefined) problems.push({ line, reason });
    start = stop + 1;
  }
  return { families: [...families.values()], problems };
}

function readLine(line: string, families: Map<string, OpenFamily>): string | undefined {
  if (line === '') return undefined;
  if (line.startsWith('#')) return readComment(line, families);
  const parsed = parseSample(line);
  if (typeof parsed === 'string') return parsed;
  owner(parsed.name, families).samples.push(parsed);
  return undefined;
}

function readComment(line: string, families: Map<string, OpenFamily>): string | undefined {
  const match = /^#[ \t]+(HELP|TYPE)[ \t]+(\S+)(?:[ \t]+(.*))?$/s.exec(line);
  const [, keyword, name, rest = ''] = match ?? [];
  if (keyword === undefined || name === undefined) return undefined;
  const family = open(name, families);
  if (keyword === 'HELP') {
    family.help = unescapeHelp(rest);
    return undefined;
  }
  const type = rest.trimEnd();
  if (!types.has(type)) return `unknown type "${type.slice(0, 40)}" of ${name}`;
  family.type = type as MetricType;
  return undefined;
}

function open(name: string, families: Map<string, OpenFamily>): OpenFamily {
  const known = families.get(name);
  if (known) return known;
  const family: OpenFamily = { name, type: 'untyped', help: '', samples: [] };
  families.set(name, family);
  return family;
}

/** The family that a sample belongs to: its own name's, or the histogram's or summary's that it is a part of. */
function owner(name: string, families: Map<string, OpenFamily>): OpenFamily {
  const exact = families.get(name);
  if (exact) return exact;
  const base = name.replace(/_(bucket|sum|count)$/, '');
  const family = families.get(base);
  const takesParts = family?.type === 'histogram' || (family?.type === 'summary' && !name.endsWith('_bucket'));
  return family && takesParts ? family : open(name, families);
}

function unescapeHelp(text: string): string {
  return text.replace(/\\([\\n])/g, (_, char: string) => (char === 'n' ? '\n' : '\\'));
}
