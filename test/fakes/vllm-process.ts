import { readdirSync } from 'node:fs';
import { formatFloat } from './prometheus-text.ts';

const startTime = Date.now() / 1000 - process.uptime();
const collections = { '{generation="0"}': 1460, '{generation="1"}': 133, '{generation="2"}': 10 };
const nothing = { '{generation="0"}': 0, '{generation="1"}': 0, '{generation="2"}': 0 };
const python = '{implementation="CPython",major="3",minor="11",patchlevel="7",version="3.11.7"}';

/** The metrics of this process, told as those of a Python program. */
export function processText(): string {
  const { rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const openFiles = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
  return [
    family('python_gc_objects_collected_total', 'counter', 'Objects collected during gc', nothing),
    family('python_gc_objects_uncollectable_total', 'counter', 'Uncollectable objects found during GC', nothing),
    family('python_gc_collections_total', 'counter', 'Number of times this generation was collected', collections),
    family('python_info', 'gauge', 'Python platform information', { [python]: 1 }),
    family('process_virtual_memory_bytes', 'gauge', 'Virtual memory size in bytes.', { '': 4 * rss }),
    family('process_resident_memory_bytes', 'gauge', 'Resident memory size in bytes.', { '': rss }),
    family('process_start_time_seconds', 'gauge', 'Start time of the process since unix epoch in seconds.', {
      '': startTime,
    }),
    family('process_cpu_seconds_total', 'counter', 'Total user and system CPU time spent in seconds.', {
      '': (user + system) / 1e6,
    }),
    family('process_open_fds', 'gauge', 'Number of open file descriptors.', { '': openFiles }),
    family('process_max_fds', 'gauge', 'Maximum number of open file descriptors.', { '': 1024 }),
  ].join('');
}

/** `series` has the labels as they are written. */
function family(name: string, type: string, help: string, series: Readonly<Record<string, number>>): string {
  const samples = Object.entries(series).map(([labels, value]) => `${name}${labels} ${formatFloat(value)}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.join('')}`;
}
