import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { family } from '@inferometer/core/catalogue/readings';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import type { Log } from '@inferometer/core/log';
import type { Collector } from '../collector.ts';
import { PolledCollector } from '../polled-collector.ts';

/** What a node's /proc says. Times in seconds, memory in bytes; what a kernel does not tell is absent. */
export interface HostReading {
  readonly cpuSeconds: Readonly<Record<string, number>>;
  readonly load1: number | undefined;
  readonly memoryTotal: number | undefined;
  readonly memoryAvailable: number | undefined;
}

/** CPU, load and memory of the node, from /proc (option --path-proc). */
export function hostCollector(options: { readonly pathProc: string; readonly cadenceMs: number }, log: Log): Collector {
  const read = (name: string) => readFile(join(options.pathProc, name), 'utf8');
  const highest = new Map<string, number>();
  return new PolledCollector(
    {
      name: 'host',
      target: options.pathProc,
      cadenceMs: options.cadenceMs,
      read: async () => parseHost(...(await Promise.all([read('stat'), read('loadavg'), read('meminfo')]))),
      toFamilies: (reading) => hostFamilies({ ...reading, cpuSeconds: monotone(reading.cpuSeconds, highest) }),
    },
    log,
  );
}

/** Kernel ticks per second in /proc/stat: USER_HZ, 100 on every Linux that Node runs on (man 7 time). */
const userHz = 100;
const cpuModes = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;

/** Reads the texts of /proc/stat, /proc/loadavg and /proc/meminfo (man 5 proc). */
export function parseHost(stat: string, loadavg: string, meminfo: string): HostReading {
  const ticks = /^cpu +([\d ]+)$/m.exec(stat)?.[1]?.trim().split(/ +/) ?? [];
  const seconds = cpuModes.flatMap((mode, index) => {
    const text = ticks[index];
    return text === undefined ? [] : [[mode, Number(text) / userHz] as const];
  });
  const load = /^\d+(\.\d+)?/.exec(loadavg)?.[0];
  return {
    cpuSeconds: Object.fromEntries(seconds),
    load1: load === undefined ? undefined : Number(load),
    memoryTotal: kibibytes(meminfo, 'MemTotal'),
    memoryAvailable: kibibytes(meminfo, 'MemAvailable'),
  };
}

/** The kernel lets idle and iowait fall a little now and then (man 5 proc); a counter must not. */
function monotone(seconds: HostReading['cpuSeconds'], highest: Map<string, number>): HostReading['cpuSeconds'] {
  for (const [mode, value] of Object.entries(seconds)) highest.set(mode, Math.max(value, highest.get(mode) ?? 0));
  return Object.fromEntries(highest);
}

function kibibytes(meminfo: string, key: string): number | undefined {
  const text = new RegExp(`^${key}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1];
  return text === undefined ? undefined : Number(text) * 1024;
}

function hostFamilies({ cpuSeconds, load1, memoryTotal, memoryAvailable }: HostReading): readonly MetricFamily[] {
  const cpu = Object.entries(cpuSeconds).map(([mode, value]) => ({ labels: { mode }, value }));
  return [
    family('host_cpu_seconds_total', cpu),
    family('host_load1', [{ value: load1 }]),
    family('host_memory_total_bytes', [{ value: memoryTotal }]),
    family('host_memory_available_bytes', [{ value: memoryAvailable }]),
  ];
}
