import { join } from 'node:path';
import type { Engine } from '@inferometer/core/request-record';
import { type Children, type ChildSetup, logged } from './children.ts';

export interface SimulatedEngine {
  readonly url: URL;
  readonly model: string;
}

/** Simulated engines and loads: programs of the repository's test/fakes that speak the engines' protocols. */
export class Simulation {
  readonly #children: Children;
  readonly #fakes: string;

  constructor(children: Children, fakes: string) {
    this.#children = children;
    this.#fakes = fakes;
  }

  get nvidiaSmi(): string {
    return join(this.#fakes, 'nvidia-smi');
  }

  async startEngines(): Promise<{ readonly ollama: SimulatedEngine; readonly vllm: SimulatedEngine }> {
    const [ollama, vllm] = await Promise.all([
      this.#startEngine('ollama', 'llama3.1:8b', ['--first-token-ms', '80', '--token-ms', '12']),
      this.#startEngine('vllm', 'meta-llama/llama-3.1-8b', ['--first-token-ms', '60', '--token-ms', '8']),
    ]);
    return { ollama, vllm };
  }

  /** A load that goes on until it is stopped: a few users, now and then an error or a client that gives up. */
  async startLoad(engine: Engine, { url, model }: SimulatedEngine): Promise<void> {
    const target = ['--url', url.href, '--engine', engine, '--model', model, '--tokens', '48'];
    const pace = ['--rate', '3', '--concurrency', '8', '--mix', 'ok=0.94,error=0.03,abort=0.03'];
    const setup = this.#setup(`simulated-load-${engine}`, 'load.ts', [...target, ...pace]);
    await this.#children.start(setup, () => Promise.resolve(true));
  }

  async #startEngine(engine: Engine, model: string, speed: readonly string[]): Promise<SimulatedEngine> {
    const args = ['--listen', '127.0.0.1:0', '--model', model, ...speed];
    const setup = this.#setup(`simulated-${engine}`, `${engine}.ts`, args);
    return { url: new URL(await this.#children.start(setup, logged(/listening on (http:\S+)/))), model };
  }

  #setup(name: string, file: string, args: readonly string[]): ChildSetup {
    const loader = ['--import', import.meta.resolve('tsx')];
    return { name, command: process.execPath, args: [...loader, join(this.#fakes, file), ...args] };
  }
}
