import type { Sample } from './family.ts';
import { parseValue } from './number.ts';

const namePattern = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const labelPattern = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"/y;
const separatorPattern = /\s*(,\s*\}|,|\})/y;

/** One sample line of the text format, or the reason why it is none. A timestamp is accepted and dropped. */
export function parseSample(line: string): Sample | string {
  const name = match(namePattern, line, 0)?.[0];
  if (name === undefined) return `no metric name in "${excerpt(line)}"`;
  const afterName = skipSpace(line, name.length);
  const hasLabels = line[afterName] === '{';
  if (!hasLabels && afterName === name.length && afterName < line.length) {
    return `"${excerpt(line)}" begins with no metric name`;
  }
  const read = hasLabels ? readLabels(line, afterName + 1) : { labels: {}, end: afterName };
  if (typeof read === 'string') return `${read} in "${excerpt(line)}"`;
  const [valueText = '', timestamp = '', extra] = line.slice(read.end).trim().split(/\s+/);
  const value = parseValue(valueText);
  if (value === undefined) return `"${excerpt(valueText)}" is no value of ${name}`;
  if (extra !== undefined || !/^-?\d*$/.test(timestamp)) return `text after the value of ${name}`;
  return { name, labels: read.labels, value };
}

interface ReadLabels {
  labels: Record<string, string>;
  end: number;
}

function readLabels(line: string, start: number): ReadLabels | string {
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  let at = skipSpace(line, start);
  if (line[at] === '}') return { labels: { ...labels }, end: at + 1 };
  for (;;) {
    const name = match(labelPattern, line, at);
    if (!name?.[1]) return 'malformed label';
    const close = closingQuote(line, at + name[0].length);
    if (close === -1) return `unclosed value of label ${name[1]}`;
    if (name[1] in labels) return `label ${name[1]} twice`;
    labels[name[1]] = unescapeLabelValue(line.slice(at + name[0].length, close));
    const separator = match(separatorPattern, line, close + 1);
    if (!separator) return `no comma or brace after label ${name[1]}`;
    at = close + 1 + separator[0].length;
    if (separator[0].endsWith('}')) return { labels: { ...labels }, end: at };
  }
}

function closingQuote(line: string, start: number): number {
  let at = line.indexOf('"', start);
  while (at !== -1 && isEscaped(line, at, start)) at = line.indexOf('"', at + 1);
  return at;
}

function isEscaped(line: string, at: number, start: number): boolean {
  let backslashes = 0;
  while (at - 1 - backslashes >= start && line[at - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function unescapeLabelValue(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([\\"n])/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function skipSpace(text: string, at: number): number {
  let next = at;
  while (text[next] === ' ' || text[next] === '\t') next += 1;
  return next;
}

function excerpt(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}...`;
}
