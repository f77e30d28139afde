import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMappingResult,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { NoUnit, RequestsPerSecond } from '@grafana/grafana-foundation-sdk/units';
import type { Engine } from '@inferometer/core/request-record';
import { colors } from '../colors.ts';
import { atEnd, gaugePanel, overTime, type PanelBuilder, statPanel, timeseriesPanel } from '../common.ts';
import { series } from '../queries.ts';

const throughputMeaning = 'Requests that ended well in the last 30 s, per second.';

/** Is the engine working, host by host? */
export function workloadStatus(engine: Engine): PanelBuilder {
  return gaugePanel({
    title: 'Workload status',
    description:
      'Whether each host works at a request, at the end of the time range: 1 running (and for 5 s after the last request), 0 idle. No unit.',
    unit: NoUnit,
    noValue: 'No run',
    empty: 'no host reports at the end of the time range: the run is over, or its data does not arrive.',
    width: 5,
    height: 6,
  })
    .min(0)
    .max(1)
    .mappings([{ type: MappingType.ValueToText, options: { '0': state('idle', 0), '1': state('running', 1) } }])
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(
      new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
        { value: null, color: colors.idle },
        { value: 1, color: colors.running },
      ]),
    )
    .withTarget(atEnd(`max by (instance) (${series(`${engine}_workload_running`)})`, '{{instance}}'));
}

function state(text: 'idle' | 'running', index: number): ValueMappingResult {
  return { text, color: colors[text], index };
}

/** Requests per second of each host. */
export function throughputByHost(engine: Engine): PanelBuilder {
  return timeseriesPanel({
    title: 'Throughput by host',
    description: `${throughputMeaning} One line per host: a host far below the others is the one to look at.`,
    unit: RequestsPerSecond,
    noValue: 'No requests yet',
    empty: 'no request has been seen yet, or requests are not metered.',
    width: 11,
    height: 6,
  }).withTarget(overTime(`sum by (instance) (${series(`${engine}_throughput_rps`)})`, '{{instance}}'));
}

/** Requests per second of all hosts together. */
export function totalThroughput(engine: Engine): PanelBuilder {
  return statPanel({
    title: 'Total throughput',
    description: `${throughputMeaning} All hosts together, at the end of the time range.`,
    unit: RequestsPerSecond,
    noValue: 'No run',
    empty: 'no host reports at the end of the time range, or requests are not metered.',
    width: 4,
    height: 6,
  }).withTarget(atEnd(`sum(${series(`${engine}_throughput_rps`)})`));
}
