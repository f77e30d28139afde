import { PercentUnit } from '@grafana/grafana-foundation-sdk/units';
import { colors } from '../colors.ts';
import { fixedColor, overTime, overTimeByMinute, type PanelBuilder, timeseriesPanel } from '../common.ts';
import { mean, quantile, series } from '../queries.ts';

const histogram = 'vllm_tokens_per_request';

/** How long the answers are. */
export function tokensPerRequest(): PanelBuilder {
  return timeseriesPanel({
    title: 'Tokens per request',
    description:
      'Tokens that a request generated, requests that ended in the minute before. Percentiles are estimates between the bounds of histogram buckets. Longer answers explain longer latencies.',
    unit: 'suffix: tokens',
    noValue: 'No traffic',
    empty: 'no request ended in the time range, or neither a meter nor vLLM reported its tokens.',
    width: 12,
    height: 7,
  })
    .withTarget(overTimeByMinute(quantile(0.5, histogram), 'p50'))
    .withTarget(overTimeByMinute(quantile(0.95, histogram), 'p95'))
    .withTarget(overTimeByMinute(mean(histogram), 'mean'))
    .overrideByName('p50', fixedColor(colors.p50))
    .overrideByName('p95', fixedColor(colors.p95))
    .overrideByName('mean', fixedColor(colors.mean));
}

/** How full the KV cache of each server is. */
export function cacheUsage(): PanelBuilder {
  return timeseriesPanel({
    title: 'Cache usage',
    description:
      'Share of the KV cache that is in use, one line per server and data-parallel rank, in percent. Near 100 % new requests wait or running ones are preempted.',
    unit: PercentUnit,
    noValue: 'No readings',
    empty: 'vLLM’s own metrics were not read in the time range.',
    width: 12,
    height: 7,
  })
    .max(1)
    .withTarget(
      overTime(`max by (instance, server, rank) (${series('vllm_cache_usage')})`, '{{instance}} {{server}} {{rank}}'),
    );
}
