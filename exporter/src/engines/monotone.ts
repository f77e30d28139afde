import { type MetricFamily, type Sample, seriesKey } from '@inferometer/core/exposition/family';

/**
 * Counters that go on where an engine that was started anew begins at 0 again: what a series had reached is added to
 * what it says since.
 */
export class MonotoneCounters {
  readonly #series = new Map<string, { last: number; offset: number }>();

  /** The family with its counters going on; gauges as they are. */
  of(family: MetricFamily): MetricFamily {
    if (family.type !== 'counter' && family.type !== 'histogram') return family;
    return { ...family, samples: family.samples.map((sample) => this.#goOn(sample)) };
  }

  #goOn(sample: Sample): Sample {
    const key = seriesKey(sample);
    const { last, offset } = this.#series.get(key) ?? { last: 0, offset: 0 };
    const before = sample.value < last ? offset + last : offset;
    this.#series.set(key, { last: sample.value, offset: before });
    return before === 0 ? sample : { ...sample, value: sample.value + before };
  }
}
