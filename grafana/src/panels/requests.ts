import { FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard';
import { StackingMode } from '@grafana/grafana-foundation-sdk/common';
import { NoUnit, PercentUnit } from '@grafana/grafana-foundation-sdk/units';
import type { Engine } from '@inferometer/core/request-record';
import { colors } from '../colors.ts';
import {
  atEnd,
  barchartPanel,
  fixedColor,
  overTimeByMinute,
  type PanelBuilder,
  rowsAtEnd,
  statPanel,
  timeseriesPanel,
} from '../common.ts';
import { rate, series, total } from '../queries.ts';

/** The request counter itself. */
export function requestsTotal(engine: Engine): PanelBuilder {
  return statPanel({
    title: 'Requests total',
    description:
      'Requests that ended, whatever their outcome: what the counters of the selected runs stood at when they were last seen in the time range. A count, not a rate.',
    unit: NoUnit,
    noValue: 'No requests yet',
    empty: 'no request has ended yet, or requests are not metered.',
    width: 4,
    height: 6,
  })
    .decimals(0)
    .withTarget(atEnd(`sum(${total(series(`${engine}_requests_total`))})`));
}

const results = [
  { name: 'succeeded', refId: 'A', outcome: 'outcome="ok"' },
  { name: 'failed', refId: 'B', outcome: 'outcome!~"ok|aborted"' },
  { name: 'aborted', refId: 'C', outcome: 'outcome="aborted"' },
] as const;

/** Requests by how they ended, a bar per host. Each query answers for every host, or Grafana would rename its column. */
export function successVsFailed(engine: Engine): PanelBuilder {
  const panel = barchartPanel({
    title: 'Success vs failed requests',
    description:
      'Requests of the selected runs by how they ended, one bar per host: succeeded, failed, or aborted by the client. Counts.',
    unit: NoUnit,
    noValue: 'No requests yet',
    empty: 'no request has ended yet, or requests are not metered.',
    width: 6,
    height: 8,
  })
    .decimals(0)
    .stacking(StackingMode.Normal)
    .withTransformation({ id: 'filterFieldsByName', options: { include: { pattern: '/^(instance|Value.*)$/' } } })
    .withTransformation({ id: 'joinByField', options: { byField: 'instance', mode: 'outer' } })
    .xField('instance');
  const all = `sum by (instance) (${total(series(`${engine}_requests_total`))})`;
  for (const { name, refId, outcome } of results) {
    const some = `sum by (instance) (${total(series(`${engine}_requests_total`, outcome))})`;
    panel
      .withTarget(rowsAtEnd(`${some} or 0 * ${all}`).refId(refId))
      .overrideByName(`Value #${refId}`, [{ id: 'displayName', value: name }, ...fixedColor(colors[name])]);
  }
  return panel;
}

/** Share of requests that fail, over time. */
export function errorRate(engine: Engine): PanelBuilder {
  const errors = `sum(${rate(series(`${engine}_errors_total`))})`;
  const requests = `sum(${rate(series(`${engine}_requests_total`))})`;
  return timeseriesPanel({
    title: 'Error rate over time',
    description:
      'Failed requests as a share of all that ended in the minute before, in percent. Requests that the client aborted are no failures.',
    unit: PercentUnit,
    noValue: 'No traffic',
    empty: 'no request ended in the time range, or requests are not metered.',
    width: 6,
    height: 8,
  })
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(colors.failed))
    .axisSoftMax(0.01)
    .withTarget(overTimeByMinute(`(${errors} or vector(0)) / (${requests} > 0)`, 'error rate'));
}
