import { dashboard } from '../dashboard.ts';
import type { DashboardJson } from '../dashboard-json.ts';
import { gpuMemoryUsed, gpuPower, gpuTemperature, gpuUtilisation } from '../panels/gpu.ts';
import { cpuUtilisation, hostMemoryUsed } from '../panels/host.ts';
import { requestLatency } from '../panels/latency.ts';
import { errorRate, requestsTotal, successVsFailed } from '../panels/requests.ts';
import { throughputByHost, totalThroughput, workloadStatus } from '../panels/workload.ts';

/** Ollama: is it running, how fast, is it failing; then what the hosts and GPUs do meanwhile. */
export function ollama(): DashboardJson {
  return dashboard({
    uid: 'inf-ollama',
    title: 'Ollama',
    description: 'Requests that Ollama serves in the selected runs, and what their hosts and GPUs do meanwhile.',
    engine: 'ollama',
    panels: [
      workloadStatus('ollama'),
      requestsTotal('ollama'),
      throughputByHost('ollama'),
      totalThroughput('ollama'),

      requestLatency('ollama'),
      successVsFailed('ollama'),
      errorRate('ollama'),

      cpuUtilisation(),
      hostMemoryUsed(),
      gpuUtilisation(),

      gpuPower(),
      gpuTemperature(),
      gpuMemoryUsed(),
    ],
  });
}
