import { performance } from 'node:perf_hooks';
import { serverName } from '@inferometer/core/address';
import { parseText } from '@inferometer/core/exposition/parse-text';
import type { Log } from '@inferometer/core/log';
import type { Collector } from '../collector.ts';
import { ReadError } from '../collector.ts';
import { PolledCollector } from '../polled-collector.ts';
import { getText } from './get-json.ts';
import { isBusy, servedModels, VllmFamilies } from './vllm-families.ts';
import { VllmSamples } from './vllm-samples.ts';

export interface VllmOptions {
  readonly cadenceMs: number;
  /** A meter counts the requests of this server: its own count would count them twice. */
  readonly isMetered: boolean;
  /** Hears the names of the models that the server serves. */
  readonly onModels: (models: readonly string[]) => void;
}

/** What a vLLM server says of itself on its own /metrics, under our names. */
export function vllmCollector(url: URL, { cadenceMs, isMetered, onModels }: VllmOptions, log: Log): Collector {
  const server = serverName(url);
  const families = new VllmFamilies(server);
  return new PolledCollector(
    {
      name: 'vllm',
      target: server,
      cadenceMs,
      read: async () => {
        const samples = parseVllm(await getText(url, '/metrics'));
        onModels(servedModels(samples));
        return samples;
      },
      toFamilies: (samples) => {
        return isMetered ? families.besideMeter(samples) : families.of(samples, performance.now() / 1000);
      },
      presence: { metric: 'vllm_up', labels: { server } },
    },
    log,
  );
}

/** The samples of a vLLM exposition. Throws a ReadError when it holds none of vLLM's metrics. */
export function parseVllm(text: string): VllmSamples {
  const { families, problems } = parseText(text);
  const samples = new VllmSamples(families);
  if (isBusy(samples) !== undefined) return samples;
  const [first] = problems;
  const cause = first ? `line ${first.line}: ${first.reason}` : 'no vllm:num_requests_running';
  throw new ReadError(
    'malformed',
    `/metrics holds no vLLM metrics (${cause}); is it started with --disable-log-stats?`,
  );
}
