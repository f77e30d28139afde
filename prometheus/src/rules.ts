import type { MetricName } from '@inferometer/core/catalogue/catalogue';
import { type Engine, engines } from '@inferometer/core/request-record';

/** A query that Prometheus evaluates at every interval and stores under a name of its own. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly help: string;
}

/** Rules of one group are evaluated in order, so that a rule may read the ones above it. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly RecordingRule[];
}

/**
 * What live rates look back over: twelve scrapes of 5 s. Shorter, and one late push or a slow request leaves a hole;
 * longer, and a run of some seconds drowns in the idle time around it.
 */
const liveWindow = '1m';

const percentiles = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 } as const;

/** Every recording rule. All of them are live estimates: exact figures come from the request records of a run. */
export const ruleGroups: readonly RuleGroup[] = engines.map((engine) => ({
  name: engine,
  rules: [latencyBuckets(engine), ...latencyPercentiles(engine), requestRate(engine)],
}));

/** Named like the histogram itself, so that `histogram_quantile` over the bare name has an answer. */
function latencyBuckets(engine: Engine): RecordingRule {
  const histogram = `${engine}_request_latency_seconds` satisfies MetricName;
  return {
    record: histogram,
    expr: `sum without (endpoint, source) (rate(${histogram}_bucket[${liveWindow}]))`,
    help: `Requests per second in each latency bucket of ${engine}, by server and model. Live estimate.`,
  };
}

/** Without traffic a percentile is NaN; the comparison drops it, so that nothing is stored instead. */
function latencyPercentiles(engine: Engine): RecordingRule[] {
  return Object.entries(percentiles).map(([name, quantile]) => ({
    record: `inference:request_latency_seconds:${name}`,
    expr: `histogram_quantile(${quantile}, ${engine}_request_latency_seconds) >= 0`,
    labels: { engine },
    help: `${name} latency of requests that ended well, by server and model; absent without traffic. Live estimate.`,
  }));
}

function requestRate(engine: Engine): RecordingRule {
  const counter = `${engine}_requests_total` satisfies MetricName;
  return {
    record: 'inference:requests:rate',
    expr: `sum without (endpoint, source, outcome) (rate(${counter}[${liveWindow}]))`,
    labels: { engine },
    help: 'Requests that ended, whatever their outcome, per second, by server and model. Live estimate.',
  };
}
