import type { Labels, MetricFamily, Sample } from './family.ts';
import { formatValue } from './number.ts';

/** The Content-Type of what `writeText` returns; Prometheus 3 refuses a scrape without it. */
export const textContentType = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Writes families in the Prometheus text format 0.0.4, in the order given, without timestamps.
 * Reading it back with `parseText` gives the same families.
 */
export function writeText(families: readonly MetricFamily[]): string {
  return families.map(writeFamily).join('');
}

function writeFamily({ name, type, help, samples }: MetricFamily): string {
  const head = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
  return head + samples.map(writeSample).join('');
}

function writeSample({ name, labels, value }: Sample): string {
  return `${name}${writeLabels(labels)} ${formatValue(value)}\n`;
}

function writeLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabelValue(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (char) => (char === '\n' ? '\\n' : '\\\\'));
}

/** Escapes a label value; backslash, double quote and line feed are the only characters that need it. */
function escapeLabelValue(text: string): string {
  return /[\\"\n]/.test(text) ? text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`)) : text;
}
