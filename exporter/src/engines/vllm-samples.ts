import type { Reading } from '@inferometer/core/catalogue/readings';
import type { Labels, MetricFamily, Sample } from '@inferometer/core/exposition/family';
import type { MonotoneCounters } from './monotone.ts';

/** How series are brought together: the labels of the sum that a sample belongs to, or undefined to leave it out. */
export type Grouping = (labels: Labels) => Labels | undefined;

/** vLLM's families by name, read by any of the names that a metric had over vLLM's versions. */
export class VllmSamples {
  readonly #byName: ReadonlyMap<string, MetricFamily>;

  constructor(families: readonly MetricFamily[]) {
    this.#byName = new Map(families.map((each) => [each.name, each]));
  }

  /** The same with counters that go on over restarts of the engine. */
  goingOn(counters: MonotoneCounters): VllmSamples {
    return new VllmSamples([...this.#byName.values()].map((each) => counters.of(each)));
  }

  /** Samples of the first of these names that the exposition has; a counter may lack its `_total`. */
  named(...names: readonly string[]): readonly Sample[] {
    for (const name of names) {
      const found = this.#byName.get(name) ?? this.#byName.get(`${name}_total`);
      if (found) return found.samples;
    }
    return [];
  }

  /** The samples of a metric brought together: added up, or the largest where `op` is `max`. */
  grouped(names: readonly string[], grouping: Grouping, op: 'sum' | 'max' = 'sum'): readonly Reading[] {
    return group(this.named(...names), grouping, op).map(({ labels, value }) => ({ labels, value }));
  }

  /** The parts of a histogram under another name, added up per bucket. */
  histogram(name: string, as: string, grouping: Grouping): readonly Sample[] {
    return group(this.named(name), withBound(grouping), 'sum').map((sample) => ({
      ...sample,
      name: sample.name.replace(name, as),
    }));
  }
}

function withBound(grouping: Grouping): Grouping {
  return (labels) => {
    const grouped = grouping(labels);
    return grouped && labels['le'] !== undefined ? { ...grouped, le: labels['le'] } : grouped;
  };
}

function group(samples: readonly Sample[], grouping: Grouping, op: 'sum' | 'max'): readonly Sample[] {
  const groups = new Map<string, Sample>();
  for (const { name, labels, value } of samples) {
    const grouped = grouping(labels);
    if (!grouped || Number.isNaN(value)) continue;
    const key = JSON.stringify([name, grouped]);
    const known = groups.get(key)?.value;
    const joined = known === undefined ? value : op === 'sum' ? known + value : Math.max(known, value);
    groups.set(key, { name, labels: grouped, value: joined });
  }
  return [...groups.values()];
}
