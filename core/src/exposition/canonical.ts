import type { Labels, MetricFamily } from './family.ts';
import { canonicalBound } from './number.ts';

/** The family with `le` and `quantile` in their one spelling (see `canonicalBound`). */
export function canonicalFamily(family: MetricFamily): MetricFamily {
  if (family.type !== 'histogram' && family.type !== 'summary') return family;
  return {
    ...family,
    samples: family.samples.map((sample) => ({ ...sample, labels: canonicalLabels(sample.labels) })),
  };
}

function canonicalLabels(labels: Labels): Labels {
  const { le, quantile } = labels;
  if (le !== undefined) return { ...labels, le: canonicalBound(le) };
  return quantile === undefined ? labels : { ...labels, quantile: canonicalBound(quantile) };
}
