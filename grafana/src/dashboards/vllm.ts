import { dashboard } from '../dashboard.ts';
import type { DashboardJson } from '../dashboard-json.ts';
import { gpuMemoryUsed, gpuPower, gpuTemperature, gpuUtilisation } from '../panels/gpu.ts';
import { cpuUtilisation, hostMemoryUsed } from '../panels/host.ts';
import { requestLatency } from '../panels/latency.ts';
import { errorRate, requestsTotal, successVsFailed } from '../panels/requests.ts';
import { cacheUsage, tokensPerRequest } from '../panels/vllm.ts';
import { throughputByHost, totalThroughput, workloadStatus } from '../panels/workload.ts';

/** vLLM: is it running, how fast, is it failing; then what the hosts and GPUs do meanwhile. */
export function vllm(): DashboardJson {
  return dashboard({
    uid: 'inf-vllm',
    title: 'vLLM',
    description: 'Requests that vLLM serves in the selected runs, and what their hosts and GPUs do meanwhile.',
    engine: 'vllm',
    panels: [
      workloadStatus('vllm'),
      requestsTotal('vllm'),
      throughputByHost('vllm'),
      totalThroughput('vllm'),

      requestLatency('vllm'),
      successVsFailed('vllm'),
      errorRate('vllm'),

      cpuUtilisation(),
      hostMemoryUsed(),
      gpuUtilisation(),

      gpuPower(),
      gpuTemperature(),
      gpuMemoryUsed(),

      tokensPerRequest(),
      cacheUsage(),
    ],
  });
}
