import { join } from 'node:path';
import type { Log } from '@inferometer/core/log';
import { version } from '@inferometer/core/version';
import type { Collector } from '@inferometer/exporter/collector';
import { constantCollector } from '@inferometer/exporter/collectors/constant';
import { hostCollector } from '@inferometer/exporter/collectors/host';
import { readInventory } from '@inferometer/exporter/collectors/inventory';
import { NvidiaSmiCollector } from '@inferometer/exporter/collectors/nvidia-smi/collector';
import { requestsCollector } from '@inferometer/exporter/collectors/requests';
import { runInfo } from '@inferometer/exporter/collectors/run-info';
import { ollamaCollector } from '@inferometer/exporter/engines/ollama';
import { vllmCollector } from '@inferometer/exporter/engines/vllm';
import type { SupervisedMeter } from '@inferometer/exporter/meters/supervised-meter';
import { RequestMetrics } from '@inferometer/exporter/requests/request-metrics';
import { type AgentValues, meteredPairs, type Place } from './agent-setup.ts';
import type { CommandContext } from './command.ts';

/** Every collector of the agent: a new one is an entry here. */
export function createCollectors(
  values: AgentValues,
  { identity, nodeDir }: Place,
  meters: readonly SupervisedMeter[],
  { env }: CommandContext,
  log: Log,
): readonly Collector[] {
  const cadenceMs = values['sample-interval'];
  const metrics = new RequestMetrics();
  const metered = new Set(meteredPairs(values).map(({ upstream }) => upstream));
  const listed = new Set<string>();
  const list = (models: readonly string[]) => models.forEach((model) => listed.add(model));
  return [
    constantCollector('run', () => Promise.resolve(runInfo(identity, env, version)), log),
    constantCollector('inventory', readInventory, log),
    hostCollector({ pathProc: values['path-proc'], cadenceMs }, log),
    new NvidiaSmiCollector({ command: values['nvidia-smi'], intervalMs: cadenceMs }, log),
    ...values.ollama.map((url) => ollamaCollector(url, list, log)),
    ...values.vllm.map((url) => vllmCollector(url, { cadenceMs, isMetered: metered.has(url), onModels: list }, log)),
    ...(meters.length > 0
      ? [
          requestsCollector(
            { folder: join(nodeDir, 'requests'), meters, metrics, isListed: (model) => listed.has(model), cadenceMs },
            log,
          ),
        ]
      : []),
  ];
}
