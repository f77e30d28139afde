/**
 * A sample value as the text format writes it: the shortest text that reads back as the same double.
 * Source: Prometheus, "Exposition formats", text format details (values are Go floats, `NaN`, `+Inf`, `-Inf`).
 */
export function formatValue(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The number that a text-format value stands for, or undefined when it is none. */
export function parseValue(text: string): number | undefined {
  const special = specials.get(text.toLowerCase());
  if (special !== undefined) return special;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

const specials = new Map([
  ['nan', NaN],
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
  ['infinity', Infinity],
  ['+infinity', Infinity],
  ['-infinity', -Infinity],
]);

/**
 * The one spelling of a bucket bound or quantile, so that a series keeps its identity however it arrives:
 * `1` becomes `1.0`, `1000000` becomes `1e+06`. It equals what Prometheus 3 makes of these labels when it
 * scrapes (`normalizeFloatsInLabelValues`, Go's shortest `%g` with a fraction added). No number: unchanged.
 */
export function canonicalBound(text: string): string {
  const value = parseValue(text);
  if (value === undefined) return text;
  if (!Number.isFinite(value)) return formatValue(value);
  if (value === 0) return '0.0';
  const shortest = shortestG(value);
  return /[.e]/.test(shortest) ? shortest : `${shortest}.0`;
}

/** What Go's strconv.FormatFloat(value, 'g', -1, 64) gives: `%e` for exponents below -4 and from 6 on. */
function shortestG(value: number): string {
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return formatValue(value);
  const digits = String(Math.abs(exponent)).padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
}
