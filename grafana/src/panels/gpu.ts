import { BytesIEC, Celsius, PercentUnit, Watt } from '@grafana/grafana-foundation-sdk/units';
import { overTime, type PanelBuilder, timeseriesPanel } from '../common.ts';
import { series } from '../queries.ts';

const size = { width: 8, height: 7 } as const;
const absent = {
  noValue: 'No GPU readings',
  empty: 'no GPU was read in the time range: the job has none, or nvidia-smi does not answer.',
} as const;
const gpuName = '{{instance}} GPU {{gpu}}';

/**
 * Two runs may see one GPU of a shared node: it is still one line. Two jobs may each see a GPU 0 that is not the
 * other's: they are two, told apart by their identity.
 */
function perGpu(metric: Parameters<typeof series>[0]): string {
  return `max by (instance, gpu, uuid) (${series(metric)})`;
}

/** How much of the time each GPU works. */
export function gpuUtilisation(): PanelBuilder {
  return timeseriesPanel({
    title: 'GPU utilisation',
    description:
      'Share of the last sensor period in which at least one kernel ran, in percent. It says that a GPU is busy, not how much of it is.',
    unit: PercentUnit,
    ...absent,
    ...size,
  })
    .max(1)
    .withTarget(overTime(perGpu('gpu_utilization_ratio'), gpuName));
}

/** Power of each GPU board. */
export function gpuPower(): PanelBuilder {
  return timeseriesPanel({
    title: 'GPU power',
    description: 'Power that each board draws, in watts: the driver’s average over a second where it has one.',
    unit: Watt,
    ...absent,
    ...size,
  }).withTarget(overTime(perGpu('gpu_power_watts'), gpuName));
}

/** Temperatures of each GPU. */
export function gpuTemperature(): PanelBuilder {
  return timeseriesPanel({
    title: 'GPU temperature',
    description:
      'Temperature of each GPU core and, where there is a sensor, of its memory, in °C. A flat top while utilisation falls hints at throttling.',
    unit: Celsius,
    ...absent,
    ...size,
  }).withTarget(
    overTime(`max by (instance, gpu, uuid, sensor) (${series('gpu_temperature_celsius')})`, `${gpuName} {{sensor}}`),
  );
}

/** Memory of each GPU that is taken. */
export function gpuMemoryUsed(): PanelBuilder {
  return timeseriesPanel({
    title: 'GPU memory used',
    description: 'Memory of each GPU in use, without what the driver reserves, in bytes.',
    unit: BytesIEC,
    ...absent,
    ...size,
  }).withTarget(overTime(perGpu('gpu_memory_used_bytes'), gpuName));
}
