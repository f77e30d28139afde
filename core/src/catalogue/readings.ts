import type { Labels, MetricFamily, MetricType, Sample } from '../exposition/family.ts';
import { catalogue, type MetricName } from './catalogue.ts';

/** A reading of one series. A value that is absent or NaN is no reading: it makes no sample. */
export interface Reading {
  readonly labels?: Labels;
  readonly value: number | undefined;
}

/** A family of the catalogue with these readings; type and help are the catalogue's. */
export function family(name: MetricName, readings: readonly Reading[]): MetricFamily {
  const samples: Sample[] = [];
  for (const { labels = {}, value } of readings) {
    if (value !== undefined && !Number.isNaN(value)) samples.push({ name, labels, value });
  }
  return { name, ...typeAndHelp(name), samples };
}

/** A family of the catalogue from ready-made samples, their names included: histograms. */
export function familyOfSamples(name: MetricName, samples: readonly Sample[]): MetricFamily {
  return { name, ...typeAndHelp(name), samples };
}

function typeAndHelp(name: MetricName): { type: MetricType; help: string } {
  const { type, help } = catalogue[name];
  return { type, help };
}
