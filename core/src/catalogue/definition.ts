import type { MetricType } from '../exposition/family.ts';

/** The unit of a metric's samples; it also stands in the metric's name. */
export type Unit = 'seconds' | 'bytes' | 'watts' | 'celsius' | 'ratio' | 'tokens' | 'requests' | 'requests/s' | 'none';

/** Everything there is to know about one metric. The catalogue holds each exactly once. */
export interface MetricDefinition {
  readonly type: Exclude<MetricType, 'summary' | 'untyped'>;
  readonly unit: Unit;
  /** Label names in the order in which they are written, without `le`. A label may be left out of a series. */
  readonly labels: readonly string[];
  readonly help: string;
  /** Where the readings come from, in words. */
  readonly source: string;
  /** The release that first exposed it. */
  readonly since: string;
  /** Upper bounds of a histogram that we fill ourselves. */
  readonly buckets?: readonly number[];
}

type Prefixed<P extends string, T> = { readonly [K in keyof T & string as `${P}_${K}`]: T[K] };

/** The same definitions under names that begin with `prefix_`; `{engine}` in a help becomes the prefix. */
export function withPrefix<P extends string, T extends Record<string, MetricDefinition>>(
  prefix: P,
  definitions: T,
): Prefixed<P, T> {
  const entries = Object.entries(definitions).map(([name, definition]) => [
    `${prefix}_${name}`,
    { ...definition, help: definition.help.replaceAll('{engine}', prefix) },
  ]);
  return Object.fromEntries(entries) as Prefixed<P, T>;
}
