import { catalogue, type MetricName } from '@inferometer/core/catalogue/catalogue';
import type { MetricDefinition } from '@inferometer/core/catalogue/definition';
import type { MetricFamily, MetricType } from '@inferometer/core/exposition/family';
import { formatValue } from '@inferometer/core/exposition/number';
import { Counter, Histogram, Registry } from 'prom-client';

/** prom-client's counters and histograms, made from the catalogue's definitions. */
export class Instruments {
  readonly #registry = new Registry();

  counter(name: MetricName): Counter {
    const { help, labels }: MetricDefinition = catalogue[name];
    return new Counter({ name, help, labelNames: [...labels], registers: [this.#registry] });
  }

  histogram(name: MetricName): Histogram {
    const { help, labels, buckets = [] }: MetricDefinition = catalogue[name];
    return new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers: [this.#registry] });
  }

  /** All of them as families. */
  async families(): Promise<readonly MetricFamily[]> {
    const metrics = (await this.#registry.getMetricsAsJSON()) as unknown as readonly PromClientMetric[];
    return metrics.map(({ name, help, type, values }) => ({
      name,
      help,
      type,
      samples: values.map(({ metricName = name, labels, value }) => ({
        name: metricName,
        labels: texts(labels),
        value,
      })),
    }));
  }
}

/** What getMetricsAsJSON really returns; its own types leave `metricName` out. */
interface PromClientMetric {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly values: readonly {
    readonly metricName?: string;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
  }[];
}

function texts(labels: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [name, typeof value === 'number' ? formatValue(value) : value]),
  );
}
