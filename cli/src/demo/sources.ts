import type { Engine } from '@inferometer/core/request-record';
import { findEngines } from './own-engines.ts';
import type { Simulation } from './simulation.ts';
import { findProgram } from './stack.ts';

/** What the demo watches: options for the agent, and what to tell the user about each source. */
export interface Sources {
  readonly agentArgs: readonly string[];
  readonly notes: readonly string[];
  /** Models of simulated engines, to load. */
  readonly loads: readonly { readonly engine: Engine; readonly model: string; readonly url: URL }[];
}

/** The user's own engines where they answer, else simulated ones; the real nvidia-smi, else a simulated one. */
export async function chooseSources(
  candidates: Readonly<Record<Engine, URL>>,
  simulation: Simulation,
): Promise<Sources> {
  const found = await findEngines(candidates);
  const own = found.filter(({ isOurs }) => isOurs);
  const foreign = found
    .filter(({ isOurs }) => !isOurs)
    .map(({ engine, url }) => `${engine} at ${url.host} belongs to another user: left alone`);
  const engines = own.length > 0 ? ownSources(own) : await simulatedSources(candidates, simulation);
  const gpus = findProgram('nvidia-smi') ? realGpus : simulatedGpus(simulation);
  return {
    agentArgs: [...engines.agentArgs, ...gpus.agentArgs],
    notes: [...engines.notes, ...foreign, ...gpus.notes],
    loads: engines.loads,
  };
}

function ownSources(own: readonly { engine: Engine; url: URL }[]): Sources {
  return {
    agentArgs: own.flatMap(({ engine, url }) => metered(engine, url)),
    notes: own.map(({ engine, url }) => `your ${engine} at ${url.host}`),
    loads: [],
  };
}

async function simulatedSources(candidates: Readonly<Record<Engine, URL>>, simulation: Simulation): Promise<Sources> {
  const addresses = Object.values(candidates).map(({ host }) => host);
  const { ollama, vllm } = await simulation.startEngines();
  return {
    agentArgs: [...metered('ollama', ollama.url), ...metered('vllm', vllm.url)],
    notes: [`SIMULATED Ollama and vLLM with a simulated load: no engine of yours answers at ${addresses.join(' or ')}`],
    loads: [
      { engine: 'ollama', ...ollama },
      { engine: 'vllm', ...vllm },
    ],
  };
}

function metered(engine: Engine, url: URL): readonly string[] {
  return [`--${engine}`, url.origin, `--meter-${engine}`, '127.0.0.1:0'];
}

const realGpus: Sources = { agentArgs: [], notes: ['the GPUs of this machine'], loads: [] };

function simulatedGpus({ nvidiaSmi }: Simulation): Sources {
  return {
    agentArgs: ['--nvidia-smi', nvidiaSmi],
    notes: ['a SIMULATED GPU: no nvidia-smi on the PATH'],
    loads: [],
  };
}
