import { expect, onTestFinished, test } from 'vitest';
import { startOllama } from '../../test/fakes/ollama-server.ts';
import { ollamaCollector, parseOllama } from '../src/engines/ollama.ts';
import { answering, type Answers } from './support/answering.ts';
import { fixtures, linesOf } from './support/golden.ts';
import { RecordedLog } from './support/recorded-log.ts';

/** A collector that has read once; `models` are the names that it heard of. */
async function collect(url: URL) {
  const models: string[] = [];
  const collector = ollamaCollector(url, (names) => models.push(...names), new RecordedLog().log);
  collector.start();
  await collector.refresh();
  onTestFinished(() => collector.close());
  return { collector, models };
}

const idle: Answers = { '/api/version': '{"version":"0.13.5"}', '/api/ps': '{"models":[]}' };

test.each(fixtures('ollama'))('exposes Ollama $name', async (fixture) => {
  const { url } = await answering({ '/api/version': fixture.read('version.json'), '/api/ps': fixture.read('ps.json') });
  const { collector } = await collect(url);
  const families = collector.families().filter(({ name }) => name.startsWith('ollama_'));
  // The port is another each time.
  const text = JSON.stringify(families).replaceAll(url.host, 'node7:11434');
  await fixture.expect(JSON.parse(text) as typeof families);
});

test('the models that are loaded are heard of, in their one spelling', async () => {
  const ollama = await startOllama({ models: ['Tiny', 'big:70B'], loadMs: 0 });
  onTestFinished(() => ollama.close());
  for (const model of ['Tiny', 'big:70B']) {
    await fetch(`${ollama.url}/api/generate`, { method: 'POST', body: JSON.stringify({ model }) });
  }
  const { models } = await collect(new URL(ollama.url));
  expect(new Set(models)).toEqual(new Set(['tiny', 'big:70b']));
});

test('a model that lies in GPU memory for a half says so', async () => {
  const ollama = await startOllama({ loadMs: 0, vramRatio: 0.5 });
  onTestFinished(() => ollama.close());
  await fetch(`${ollama.url}/api/generate`, { method: 'POST', body: '{"model":"tiny"}' });
  const { collector } = await collect(new URL(ollama.url));
  const value = (name: string) => Number(linesOf(collector.families(), name)[0]?.split(' ').at(-1));
  expect(value('ollama_model_vram_bytes') / value('ollama_model_size_bytes')).toBe(0.5);
});

test('a server that answers no more is down, and nothing is said of its models', async () => {
  const server = await answering(idle);
  const { collector } = await collect(server.url);
  await server.close();
  await collector.refresh();
  expect(linesOf(collector.families(), 'ollama_')).toEqual([expect.stringMatching(/^ollama_up\{.*\} 0$/)]);
});

test('a server that was never seen is neither up nor down', async () => {
  const { url } = await answering({});
  const { collector } = await collect(url);
  expect(linesOf(collector.families(), 'ollama_')).toEqual([]);
});

test.each<readonly [string, unknown, unknown, string]>([
  ['no version', {}, { models: [] }, '/api/version holds no "version"'],
  ['a list for a version', [], { models: [] }, '/api/version holds no "version"'],
  ['models that are no list', { version: '1' }, { models: {} }, '/api/ps: "models" is no list'],
])('an answer with %s is refused', (_, version, running, why) => {
  expect(() => parseOllama(version, running)).toThrow(why);
});

test('what a server does not tell of a model is absent', () => {
  const running = { models: [{ name: 'a', size: 'large' }, { size: 1 }, 'x', { model: 'b', size: 0, size_vram: -1 }] };
  expect(parseOllama({ version: '1' }, running).loaded).toEqual([
    { model: 'a', size: undefined, vram: undefined },
    { model: 'b', size: 0, vram: undefined },
  ]);
});
