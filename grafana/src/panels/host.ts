import { BytesIEC, PercentUnit } from '@grafana/grafana-foundation-sdk/units';
import { overTime, type PanelBuilder, timeseriesPanel } from '../common.ts';
import { rate, series } from '../queries.ts';

const size = { width: 8, height: 7 } as const;
const absent = { noValue: 'No readings', empty: 'no agent reported from a host in the time range.' } as const;

/** How busy the processors of each host are. */
export function cpuUtilisation(): PanelBuilder {
  const busy = `sum by (instance) (${rate(series('host_cpu_seconds_total', 'mode!~"idle|iowait"'))})`;
  const all = `sum by (instance) (${rate(series('host_cpu_seconds_total'))})`;
  return timeseriesPanel({
    title: 'CPU utilisation',
    description:
      'Share of the time of all cores of a host that was neither idle nor waiting for disks, in percent. 100 % is the whole node, not the cores of the job.',
    unit: PercentUnit,
    ...absent,
    ...size,
  })
    .max(1)
    .withTarget(overTime(`${busy} / ${all}`, '{{instance}}'));
}

/** Memory of each host that is taken. */
export function hostMemoryUsed(): PanelBuilder {
  const used = `${series('host_memory_total_bytes')} - ${series('host_memory_available_bytes')}`;
  return timeseriesPanel({
    title: 'Host memory used',
    description:
      'Memory of the node less what programs could still get without swapping, in bytes. The page cache does not count as used.',
    unit: BytesIEC,
    ...absent,
    ...size,
  }).withTarget(overTime(`max by (instance) (${used})`, '{{instance}}'));
}
