import { serverName } from '@inferometer/core/address';
import { family } from '@inferometer/core/catalogue/readings';
import type { MetricFamily } from '@inferometer/core/exposition/family';
import type { Log } from '@inferometer/core/log';
import { modelName } from '@inferometer/core/request-record';
import { type Collector, ReadError } from '../collector.ts';
import { PolledCollector } from '../polled-collector.ts';
import { getJson } from './get-json.ts';

const cadenceMs = 2000;

/** A model in memory. Sizes in bytes; what the server does not tell is absent. */
export interface LoadedModel {
  readonly model: string;
  readonly size: number | undefined;
  readonly vram: number | undefined;
}

export interface OllamaReading {
  readonly version: string;
  readonly loaded: readonly LoadedModel[];
}

/** What an Ollama server says of itself; `onModels` hears the names of the models that it lists. */
export function ollamaCollector(url: URL, onModels: (models: readonly string[]) => void, log: Log): Collector {
  const server = serverName(url);
  return new PolledCollector(
    {
      name: 'ollama',
      target: server,
      cadenceMs,
      read: async () => {
        const [version, running] = await Promise.all([getJson(url, '/api/version'), getJson(url, '/api/ps')]);
        const reading = parseOllama(version, running);
        onModels(reading.loaded.map(({ model }) => model));
        return reading;
      },
      toFamilies: (reading) => ollamaFamilies(server, reading),
      presence: { metric: 'ollama_up', labels: { server } },
    },
    log,
  );
}

/** Reads the answers of /api/version and /api/ps. Throws a ReadError when they are not Ollama's. */
export function parseOllama(version: unknown, running: unknown): OllamaReading {
  const versionText = field(version, 'version');
  const models = field(running, 'models') ?? [];
  if (typeof versionText !== 'string') throw new ReadError('malformed', '/api/version holds no "version"');
  if (!Array.isArray(models)) throw new ReadError('malformed', '/api/ps: "models" is no list');
  return { version: versionText, loaded: models.flatMap(parseModel) };
}

function parseModel(value: unknown): readonly LoadedModel[] {
  const name = field(value, 'model') ?? field(value, 'name');
  if (typeof name !== 'string') return [];
  return [{ model: modelName(name), size: bytes(field(value, 'size')), vram: bytes(field(value, 'size_vram')) }];
}

function ollamaFamilies(server: string, { version, loaded }: OllamaReading): readonly MetricFamily[] {
  const each = (value: (model: LoadedModel) => number | undefined) =>
    loaded.map((model) => ({ labels: { server, model: model.model }, value: value(model) }));
  return [
    family('ollama_build_info', [{ labels: { server, version }, value: 1 }]),
    family(
      'ollama_model_loaded',
      each(() => 1),
    ),
    family(
      'ollama_model_size_bytes',
      each(({ size }) => size),
    ),
    family(
      'ollama_model_vram_bytes',
      each(({ vram }) => vram),
    ),
  ];
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function bytes(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined;
}
