import { catalogue, type MetricName } from '@inferometer/core/catalogue/catalogue';

/** Name of a series that Prometheus holds: a metric, or a part of a histogram. */
type SeriesName = MetricName | HistogramPart;
type HistogramPart = `${MetricName}_${'bucket' | 'sum' | 'count'}`;

/** Labels that the user selects by, each with a dashboard variable of the same name. */
export type SelectorLabel = 'cluster' | 'run' | 'instance' | 'model';

/** Series of the chosen clusters, runs and instances, and of the chosen models where the metric has a model. */
export function series(name: SeriesName, ...matchers: string[]): string {
  return select(name, hasModel(name) ? [...identity, 'model'] : identity, matchers);
}

/** Variable query: the values of a label among the series that are chosen by other labels. */
export function labelValues(label: SelectorLabel, metric: MetricName, chosenBy: readonly SelectorLabel[]): string {
  return `label_values(${select(metric, chosenBy)}, ${label})`;
}

const identity = ['cluster', 'run', 'instance'] as const;

/** The one place where a query gets its selectors. */
function select(name: SeriesName, chosenBy: readonly SelectorLabel[], matchers: readonly string[] = []): string {
  const all = [...chosenBy.map((label) => `${label}=~"$${label}"`), ...matchers];
  return all.length === 0 ? name : `${name}{${all.join(', ')}}`;
}

function hasModel(name: SeriesName): boolean {
  const metric = name in catalogue ? name : name.replace(/_(bucket|sum|count)$/, '');
  return (catalogue[metric as MetricName].labels as readonly string[]).includes('model');
}

/** Per-second rate of a counter. */
export function rate(counter: string): string {
  return `rate(${counter}[$__rate_interval])`;
}

/**
 * What a counter stood at, the last time it was seen in the time range. Not `increase()`: that extrapolates, and it
 * misses what a short run counted before its first scrape.
 */
export function total(counter: string): string {
  return `last_over_time(${counter}[$__range])`;
}

/** Quantile of a histogram over all selected series; without traffic it is NaN, which the comparison drops. */
export function quantile(q: number, histogram: MetricName): string {
  return `histogram_quantile(${q}, sum by (le) (${rate(series(`${histogram}_bucket`))})) >= 0`;
}

/** Mean of a histogram over all selected series; nothing without traffic. */
export function mean(histogram: MetricName): string {
  return `sum(${rate(series(`${histogram}_sum`))}) / (sum(${rate(series(`${histogram}_count`))}) > 0)`;
}
