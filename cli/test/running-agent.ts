import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { createInterface, type Interface } from 'node:readline';
import type { Labels } from '@inferometer/core/exposition/family';
import { parseText } from '@inferometer/core/exposition/parse-text';
import { httpExchange } from '@inferometer/core/http-request';
import { expect } from 'vitest';
import { type Env, startInferometer } from './program.ts';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** An `inferometer agent` that serves. */
export class RunningAgent {
  /** Its log so far. */
  readonly log: LogLine[] = [];
  readonly #child: ReturnType<typeof startInferometer>;
  readonly #lines: Interface;

  private constructor(args: readonly string[], env?: Env) {
    this.#child = startInferometer(['agent', '--sample-interval', '100ms', ...args], env);
    this.#lines = createInterface({ input: this.#child.stderr });
    this.#lines.on('line', (line) => this.log.push(JSON.parse(line) as LogLine));
  }

  /** Resolves when it says that it monitors. */
  static async start(args: readonly string[], env?: Env): Promise<RunningAgent> {
    const agent = new RunningAgent(args, env);
    await Promise.race([agent.logged('monitoring'), agent.#failed()]);
    return agent;
  }

  /** The line with this message, when it is there. */
  async logged(message: string): Promise<LogLine> {
    for (;;) {
      const line = this.log.find((each) => each.message === message);
      if (line) return line;
      await once(this.#lines, 'line');
    }
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}) {
    const { metrics } = await this.logged('monitoring');
    return httpExchange(new URL(path, String(metrics)), { headers, timeoutMs: 10_000 });
  }

  /** The value of the series with this name and at least these labels, as /metrics has it now. */
  async value(name: string, labels: Labels): Promise<number | undefined> {
    const { families } = parseText((await this.get('/metrics')).body);
    const samples = families.flatMap((family) => family.samples).filter((sample) => sample.name === name);
    return samples.find((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
      ?.value;
  }

  /** Resolves when the series is at least so high. */
  async reached(name: string, labels: Labels, atLeast: number): Promise<void> {
    await expect
      .poll(() => this.value(name, labels), { interval: 50, timeout: 20_000 })
      .toBeGreaterThanOrEqual(atLeast);
  }

  /** Sends TERM, or another signal, and resolves to the exit code and the milliseconds that the end took. */
  async terminate(
    signal: NodeJS.Signals = 'SIGTERM',
  ): Promise<{ readonly exitCode: number | undefined; readonly ms: number }> {
    const began = performance.now();
    this.#child.kill(signal);
    const { exitCode } = await this.#child;
    return { exitCode, ms: performance.now() - began };
  }

  async #failed(): Promise<never> {
    const { exitCode, stderr } = await this.#child;
    throw new Error(`the agent ended with exit code ${exitCode}: ${stderr}`);
  }
}
