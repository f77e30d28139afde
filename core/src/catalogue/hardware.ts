import type { MetricDefinition } from './definition.ts';

const gpu = ['uuid', 'gpu'] as const;
const nvidiaSmi = 'nvidia-smi';
const proc = '/proc';

export const gpuMetrics = {
  gpu_info: {
    type: 'gauge',
    unit: 'none',
    labels: ['uuid', 'gpu', 'name', 'driver_version'],
    help: 'Always 1; what the GPU is. `gpu` is its index as this node numbers it, `uuid` its identity.',
    source: nvidiaSmi,
    since: '0.1.0',
  },
  gpu_power_watts: {
    type: 'gauge',
    unit: 'watts',
    labels: gpu,
    help: 'Power that the board draws: the 1 s average where the driver has one, else its power.draw.',
    source: nvidiaSmi,
    since: '0.1.0',
  },
  gpu_temperature_celsius: {
    type: 'gauge',
    unit: 'celsius',
    labels: ['uuid', 'gpu', 'sensor'],
    help: 'Temperature of the GPU core and, where it has a sensor, of its memory.',
    source: nvidiaSmi,
    since: '0.1.0',
  },
  gpu_memory_used_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: gpu,
    help: 'GPU memory in use, without what the driver reserves.',
    source: nvidiaSmi,
    since: '0.1.0',
  },
  gpu_memory_total_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: gpu,
    help: 'GPU memory there is.',
    source: nvidiaSmi,
    since: '0.1.0',
  },
  gpu_utilization_ratio: {
    type: 'gauge',
    unit: 'ratio',
    labels: gpu,
    help: 'Share of the last sensor period in which at least one kernel ran, 0 to 1.',
    source: nvidiaSmi,
    since: '0.1.0',
  },
} as const satisfies Record<string, MetricDefinition>;

export const hostMetrics = {
  host_info: {
    type: 'gauge',
    unit: 'none',
    labels: ['cpu', 'cores', 'os', 'kernel'],
    help: 'Always 1; what the node is.',
    source: 'the inventory at start',
    since: '0.1.0',
  },
  host_cpu_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    labels: ['mode'],
    help: 'Time that the CPUs of the node spent in each mode, all cores together.',
    source: `${proc}/stat`,
    since: '0.1.0',
  },
  host_load1: {
    type: 'gauge',
    unit: 'none',
    labels: [],
    help: 'Load average of the node over one minute.',
    source: `${proc}/loadavg`,
    since: '0.1.0',
  },
  host_memory_total_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: [],
    help: 'Memory of the node.',
    source: `${proc}/meminfo`,
    since: '0.1.0',
  },
  host_memory_available_bytes: {
    type: 'gauge',
    unit: 'bytes',
    labels: [],
    help: 'Memory of the node that programs could still get without swapping.',
    source: `${proc}/meminfo`,
    since: '0.1.0',
  },
} as const satisfies Record<string, MetricDefinition>;
