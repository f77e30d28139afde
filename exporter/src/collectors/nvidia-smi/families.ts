import { family, type Reading } from '@inferometer/core/catalogue/readings';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import type { GpuRow } from './row.ts';

/** The families of the latest row of each GPU. */
export function gpuFamilies(rows: readonly GpuRow[]): readonly MetricFamily[] {
  const each = (value: (row: GpuRow) => number | undefined): readonly Reading[] =>
    rows.map((row) => ({ labels: gpuLabels(row), value: value(row) }));
  return [
    family('gpu_info', rows.map(infoReading)),
    family(
      'gpu_power_watts',
      each(({ numbers }) => numbers.powerAverage ?? numbers.power),
    ),
    family('gpu_temperature_celsius', rows.flatMap(temperatures)),
    family(
      'gpu_memory_used_bytes',
      each(({ numbers }) => bytes(numbers.memoryUsed)),
    ),
    family(
      'gpu_memory_total_bytes',
      each(({ numbers }) => bytes(numbers.memoryTotal)),
    ),
    family(
      'gpu_utilization_ratio',
      each(({ numbers }) => ratio(numbers.utilization)),
    ),
  ];
}

function gpuLabels({ texts }: GpuRow): { uuid: string; gpu: string } {
  return { uuid: texts.uuid ?? '', gpu: texts.index ?? '' };
}

function infoReading(row: GpuRow): Reading {
  const { name = '', driverVersion = '' } = row.texts;
  return { labels: { ...gpuLabels(row), name, driver_version: driverVersion }, value: 1 };
}

function temperatures(row: GpuRow): readonly Reading[] {
  const { temperature, memoryTemperature } = row.numbers;
  return [
    { labels: { ...gpuLabels(row), sensor: 'core' }, value: temperature },
    { labels: { ...gpuLabels(row), sensor: 'memory' }, value: memoryTemperature },
  ];
}

function bytes(mebibytes: number | undefined): number | undefined {
  return mebibytes === undefined ? undefined : mebibytes * 2 ** 20;
}

function ratio(percent: number | undefined): number | undefined {
  return percent === undefined ? undefined : percent / 100;
}
