import { family } from '@inferometer/core/catalogue/readings';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import type { Log } from '@inferometer/core/log';
import type { MeterStatus } from '@inferometer/core/meter-status';
import { type Endpoint, type Engine, engines, type RequestRecord } from '@inferometer/core/request-record';
import { Activity } from '../activity.ts';
import type { Collector } from '../collector.ts';
import type { SupervisedMeter } from '../meters/supervised-meter.ts';
import { PolledCollector } from '../polled-collector.ts';
import { RecordReader } from '../requests/record-reader.ts';
import type { RequestMetrics } from '../requests/request-metrics.ts';

const name = 'requests';
const source = 'meter';

export interface RequestsOptions {
  /** The node's folder of request segments. */
  readonly folder: string;
  readonly meters: readonly SupervisedMeter[];
  readonly metrics: RequestMetrics;
  /** Whether an engine says that it holds a model. */
  readonly isListed: (model: string) => boolean;
  readonly cadenceMs: number;
}

/** Request metrics of this node, from the records that its meters write, and what is in flight at them now. */
export function requestsCollector(options: RequestsOptions, log: Log): Collector {
  const { folder, meters, metrics, cadenceMs } = options;
  const reader = new RecordReader(folder);
  const activities = new Map<string, Activity>(meters.map(({ server }) => [server, new Activity()]));
  const seen = new Map<string, Set<Endpoint>>(meters.map(({ server }) => [server, new Set()]));
  const read = async (): Promise<readonly MetricFamily[]> => {
    const now = Date.now() / 1000;
    const statuses = await Promise.all(meters.map((meter) => meter.status()));
    const records = await reader.poll();
    const answered = statuses.filter((status) => status !== undefined);
    noteActivity(activities, records, answered, now);
    for (const { engine, server, inFlight } of answered) {
      for (const { model, endpoint } of inFlight) {
        metrics.begin(engine, server, beginsAs(model, options), endpoint);
        seen.get(server)?.add(endpoint);
      }
    }
    for (const record of records) {
      metrics.add(record);
      seen.get(record.server)?.add(record.endpoint);
    }
    return [
      ...(await metrics.families(now)),
      ...statusFamilies(answered),
      ...engines.flatMap((engine) => engineFamilies(engine, answered, { activities, seen, now })),
      family(
        'inferometer_meter_up',
        meters.map(({ server }, at) => ({ labels: { server }, value: statuses[at] ? 1 : 0 })),
      ),
      family('inferometer_collector_unparsed_lines_total', [
        { labels: { collector: name, target: folder }, value: reader.malformed || undefined },
      ]),
    ];
  };
  return new PolledCollector({ name, target: folder, cadenceMs, read, toFamilies: (families) => families }, log);
}

/** The model label of a request in flight: its own where the engine holds the model, so that it can be served. */
function beginsAs(model: string | undefined, { isListed, metrics }: RequestsOptions): string {
  return model !== undefined && isListed(model) && metrics.models.mayStand(model) ? model : 'other';
}

function noteActivity(
  activities: ReadonlyMap<string, Activity>,
  records: readonly RequestRecord[],
  statuses: readonly MeterStatus[],
  now: number,
): void {
  for (const { server, start_unix_seconds: start, duration_seconds: duration } of records) {
    activities.get(server)?.busy(start + duration);
  }
  for (const { server, inFlight } of statuses) if (inFlight.length > 0) activities.get(server)?.busy(now);
}

/** What is remembered of servers from reading to reading. */
interface Memory {
  readonly activities: ReadonlyMap<string, Activity>;
  /** Endpoints that had a request: what is in flight there is 0 from then on, not absent. */
  readonly seen: ReadonlyMap<string, ReadonlySet<Endpoint>>;
  readonly now: number;
}

/** What the meters of an engine say of now. */
function engineFamilies(
  engine: Engine,
  statuses: readonly MeterStatus[],
  { activities, seen, now }: Memory,
): readonly MetricFamily[] {
  const own = statuses.filter((status) => status.engine === engine);
  const running = own.map(({ server }) => ({
    labels: { server, source },
    value: activities.get(server)?.running(now),
  }));
  const inFlight = own.flatMap(({ server, inFlight: groups }) => {
    return [...(seen.get(server) ?? [])].map((endpoint) => {
      const counts = groups.filter((group) => group.endpoint === endpoint).map(({ count }) => count);
      return { labels: { server, endpoint, source }, value: counts.reduce((sum, count) => sum + count, 0) };
    });
  });
  return [family(`${engine}_workload_running`, running), family(`${engine}_requests_in_flight`, inFlight)];
}

function statusFamilies(statuses: readonly MeterStatus[]): readonly MetricFamily[] {
  const parseErrors = statuses.flatMap(({ server, parseErrors: errors }) =>
    Object.entries(errors).map(([reason, value]) => ({ labels: { server, reason }, value })),
  );
  const lost = statuses.map(({ server, recordsLost }) => ({ labels: { server }, value: recordsLost }));
  return [family('inferometer_parse_errors_total', parseErrors), family('inferometer_records_lost_total', lost)];
}
