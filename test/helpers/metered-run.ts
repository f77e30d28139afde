import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverName } from '@inferometer/core/address';
import { parseText } from '@inferometer/core/exposition/parse-text';
import { httpExchange } from '@inferometer/core/http-request';
import type { MeterStatus } from '@inferometer/core/meter-status';
import type { RequestRecord } from '@inferometer/core/request-record';
import { meterSocketPath } from '@inferometer/exporter/meters/socket-path';
import { RecordReader } from '@inferometer/exporter/requests/record-reader';
import { poll } from './poll.ts';
import { type Running, start } from './programs.ts';

const node = 'node-1';

/** An engine and the address of its meter. */
export interface MeteredEngine {
  readonly url: URL;
  readonly meter: URL;
}

/** What an agent with meters leaves and tells: its metrics, its meters' status, the records in its run directory. */
export class MeteredRun {
  readonly #dir: string;
  readonly #http: URL;
  readonly #engines: readonly MeteredEngine[];

  constructor(dir: string, http: URL, engines: readonly MeteredEngine[]) {
    this.#dir = dir;
    this.#http = http;
    this.#engines = engines;
  }

  /** Starts the agent, always with the same options; resolves when it is ready. */
  async startAgent(): Promise<Running> {
    const identity = ['--run-dir', this.#dir, '--run', 'run-1', '--node', node, '--cluster', 'test'];
    const engines = this.#engines.flatMap(({ url, meter }) => ['--ollama', url.origin, '--meter-ollama', meter.host]);
    const rest = ['--listen', this.#http.host, '--sample-interval', '200ms', '--nvidia-smi', join(this.#dir, 'none')];
    const agent = start(process.execPath, ['bin/inferometer', 'agent', ...identity, ...engines, ...rest]);
    const file = join(this.#dir, 'nodes', node, 'agent.json');
    // One that was killed left its file behind.
    const pid = () => existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid;
    await poll('agent.json', () => (pid() === agent.pid ? true : undefined), agent.output);
    return agent;
  }

  async status({ url }: MeteredEngine, how: 'GET /status' | 'POST /flush' = 'GET /status'): Promise<MeterStatus> {
    const [method, path] = how.split(' ') as ['GET' | 'POST', string];
    const socketPath = meterSocketPath(this.#dir, node, serverName(url));
    const { body } = await httpExchange(new URL(path, 'http://meter'), { method, socketPath, timeoutMs: 5000 });
    return JSON.parse(body) as MeterStatus;
  }

  /** All records that are written, once the meters have written what they hold. */
  async records(): Promise<readonly RequestRecord[]> {
    for (const engine of this.#engines) await this.status(engine, 'POST /flush');
    return new RecordReader(join(this.#dir, 'nodes', node, 'requests')).poll();
  }

  /** Values of a metric in the agent's exposition, summed up by a label. */
  async metric(name: string, by: string): Promise<Readonly<Record<string, number>>> {
    const { body } = await httpExchange(new URL('/metrics', this.#http), { timeoutMs: 5000 });
    const sums: Record<string, number> = {};
    for (const { labels, value } of parseText(body).families.find((each) => each.name === name)?.samples ?? []) {
      const key = labels[by] ?? '';
      sums[key] = (sums[key] ?? 0) + value;
    }
    return sums;
  }
}
