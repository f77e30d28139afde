import type { Labels, MetricFamily } from './family.ts';
import { canonicalBound } from './number.ts';

/** The family with the `le` of a histogram and the `quantile` of a summary in their one spelling (see `canonicalBound`). */
export function canonicalFamily(family: MetricFamily): MetricFamily {
  if (family.type !== 'histogram' && family.type !== 'summary') return family;
  const label = family.type === 'histogram' ? 'le' : 'quantile';
  return {
    ...family,
    samples: family.samples.map((sample) => ({ ...sample, labels: canonicalLabels(sample.labels, label) })),
  };
}

function canonicalLabels(labels: Labels, label: string): Labels {
  const bound = labels[label];
  return bound === undefined ? labels : { ...labels, [label]: canonicalBound(bound) };
}
