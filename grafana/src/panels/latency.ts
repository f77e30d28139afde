import { Seconds } from '@grafana/grafana-foundation-sdk/units';
import type { Engine } from '@inferometer/core/request-record';
import { colors } from '../colors.ts';
import { fixedColor, overTimeByMinute, type PanelBuilder, timeseriesPanel } from '../common.ts';
import { mean, quantile } from '../queries.ts';

const percentiles = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 } as const;

/** How long requests take. */
export function requestLatency(engine: Engine): PanelBuilder {
  const histogram = `${engine}_request_latency_seconds` as const;
  const panel = timeseriesPanel({
    title: 'Request latency',
    description:
      'Time from the arrival of a whole request to the last byte of its answer, requests that ended well in the minute before. Percentiles are estimates between the bounds of histogram buckets. Seconds, shown as ms where they are small.',
    unit: Seconds,
    noValue: 'No traffic',
    empty: 'no request ended well in the time range, or requests are not metered.',
    width: 12,
    height: 8,
  });
  for (const [name, q] of Object.entries(percentiles) as [keyof typeof percentiles, number][]) {
    panel.withTarget(overTimeByMinute(quantile(q, histogram), name)).overrideByName(name, fixedColor(colors[name]));
  }
  return panel.withTarget(overTimeByMinute(mean(histogram), 'mean')).overrideByName('mean', fixedColor(colors.mean));
}
