/*
 * Metrics as Python's prometheus_client keeps and writes them: counters with a `_created` gauge each, labels sorted by
 * name, `_count` before `_sum`, floats in Python's spelling.
 */

type Kind = 'counter' | 'gauge' | 'histogram' | 'summary';
type Labels = Readonly<Record<string, string>>;

interface Child {
  readonly labels: Labels;
  /** Unix seconds. */
  readonly created: number;
  value: number;
  count: number;
  /** For each bound, and last without bound: observations that fell between it and the one before. */
  readonly buckets: number[];
}

/** One family of series that differ by labels. A series exists from its first use on. */
export class Metric {
  readonly #kind: Kind;
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #children = new Map<string, Child>();

  constructor(kind: Kind, name: string, help: string, bounds: readonly number[] = []) {
    this.#kind = kind;
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
  }

  /** Makes the series exist, and raises it. */
  add(labels: Labels, amount = 0): void {
    this.#child(labels).value += amount;
  }

  set(labels: Labels, value: number): void {
    this.#child(labels).value = value;
  }

  observe(labels: Labels, value: number): void {
    const child = this.#child(labels);
    const at = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = at === -1 ? this.#bounds.length : at;
    child.buckets[bucket] = (child.buckets[bucket] ?? 0) + 1;
    child.count++;
    child.value += value;
  }

  text(): string {
    const children = [...this.#children.values()];
    const name = this.#kind === 'counter' ? `${this.#name}_total` : this.#name;
    const lines = [...this.#head(name, this.#kind), ...children.flatMap((child) => this.#samples(name, child))];
    if (this.#kind === 'gauge') return lines.join('');
    const created = `${this.#name}_created`;
    if (children.length > 0) lines.push(...this.#head(created, 'gauge'));
    return [...lines, ...children.map((child) => sample(created, child.labels, child.created))].join('');
  }

  #head(name: string, kind: Kind): string[] {
    return [`# HELP ${name} ${this.#help}\n`, `# TYPE ${name} ${kind}\n`];
  }

  #samples(name: string, { labels, value, count, buckets }: Child): string[] {
    if (this.#kind === 'counter' || this.#kind === 'gauge') return [sample(name, labels, value)];
    const totals = [sample(`${name}_count`, labels, count), sample(`${name}_sum`, labels, value)];
    if (this.#kind === 'summary') return totals;
    let below = 0;
    const bounds = [...this.#bounds, Infinity].map((bound, index) => {
      below += buckets[index] ?? 0;
      return sample(`${name}_bucket`, { ...labels, le: formatFloat(bound) }, below);
    });
    return [...bounds, ...totals];
  }

  #child(labels: Labels): Child {
    const key = writeLabels(labels);
    const child = this.#children.get(key) ?? { labels, created: Date.now() / 1000, value: 0, count: 0, buckets: [] };
    this.#children.set(key, child);
    return child;
  }
}

function sample(name: string, labels: Labels, value: number): string {
  return `${name}${writeLabels(labels)} ${formatFloat(value)}\n`;
}

function writeLabels(labels: Labels): string {
  const names = Object.keys(labels).toSorted();
  if (names.length === 0) return '';
  return `{${names.map((name) => `${name}="${escape(labels[name] ?? '')}"`).join(',')}}`;
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** `1.0`, `+Inf`, `6.5e-05`; from a million on `1.795353773e+09`. */
export function formatFloat(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value >= 1e6) return exponential(value);
  if (Number.isInteger(value)) return `${value}.0`;
  return Math.abs(value) < 1e-4 ? exponential(value) : String(value);
}

function exponential(value: number): string {
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
