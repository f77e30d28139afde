/** Metric types of the Prometheus text format 0.0.4. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';

/** Label names to values. Values are any text; they are escaped when written. */
export type Labels = Readonly<Record<string, string>>;

/** One line of an exposition: its own name carries `_bucket`, `_sum` or `_count` where the type has them. */
export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** All samples of one metric, with the type and help they share. */
export interface MetricFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** A key that is equal for two samples exactly when Prometheus stores them as one series. */
export function seriesKey({ name, labels }: Sample): string {
  const pairs = Object.entries(labels).filter(([, value]) => value !== '');
  return JSON.stringify([name, ...pairs.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}
