import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PrometheusApi } from '@inferometer/core/prometheus-api';
import type { DashboardJson } from '@inferometer/grafana/dashboard-json';
import { queriesOf, substitute } from '@inferometer/grafana/queries-of';
import { type RunningAgent, startAgent } from './agent.ts';
import { poll } from './poll.ts';
import type { Running } from './programs.ts';
import { forward, startSshd } from './sshd.ts';
import { startPrometheus, startPushgateway } from './stack.ts';

export interface Chain {
  readonly agent: RunningAgent;
  readonly api: PrometheusApi;
  /** The one value of a query; fails when there is none or more than one. */
  value(expr: string): Promise<number>;
  /** Resolves when Prometheus gives this value for a query. */
  untilValue(expr: string, wanted: number): Promise<void>;
  stop(): Promise<void>;
}

/**
 * An agent that publishes to a Pushgateway "on the cluster", which a Prometheus "on the laptop" reaches through
 * `ssh -N -L` alone. Every part is the real program.
 */
export async function startChain(agentArgs: readonly string[]): Promise<Chain> {
  const dir = mkdtempSync(join(tmpdir(), 'inferometer-chain-'));
  const started: Running[] = [];
  const keep = async <T extends Running>(program: Promise<T>): Promise<T> => {
    const running = await program;
    started.push(running);
    return running;
  };
  const pushgateway = await keep(startPushgateway());
  const login = await keep(startSshd(join(dir, 'sshd')));
  const tunnel = await keep(forward(login, pushgateway.url));
  const { api } = await keep(startPrometheus(dir, tunnel.local));
  const publish = ['--pushgateway', pushgateway.url.origin, '--push-interval', '1s'];
  const agent = await keep(startAgent(join(dir, 'run'), [...agentArgs, ...publish]));

  const value = async (expr: string): Promise<number> => {
    const [result, ...rest] = await api.query(expr);
    const point = result?.points[0];
    if (!point || rest.length > 0) throw new Error(`${expr}: ${point ? rest.length + 1 : 'no'} series`);
    return point[1];
  };
  const untilValue = async (expr: string, wanted: number): Promise<void> => {
    let last: number | undefined;
    const ask = async () => {
      [[, last] = [0, undefined]] = (await api.query(expr))[0]?.points ?? [];
      return last === wanted ? true : undefined;
    };
    await poll(`${expr} to be ${wanted}`, ask, () => `${last}\n${agent.output()}`);
  };
  const stop = async (): Promise<void> => {
    for (const program of started.toReversed()) await program.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  return { agent, api, value, untilValue, stop };
}

/** A committed dashboard. */
export function dashboard(name: string): DashboardJson {
  return JSON.parse(readFileSync(new URL(`../../grafana/dist/${name}.json`, import.meta.url), 'utf8')) as DashboardJson;
}

/** Queries of a dashboard's panels that draw nothing over the last minute; asked as Grafana asks them. */
export async function emptyQueries(api: PrometheusApi, name: string): Promise<readonly string[]> {
  const empty: string[] = [];
  const now = Date.now() / 1000;
  for (const { panel, refId, expr, instant } of queriesOf(dashboard(name))) {
    const query = substitute(expr, { __rate_interval: '20s' });
    const answer = instant ? await api.query(query) : await api.queryRange(query, now - 60, now, 1);
    const isDrawn = answer.some(({ points }) => points.some(([, reading]) => Number.isFinite(reading)));
    if (!isDrawn) empty.push(`${panel} ${refId}: ${query}`);
  }
  return empty;
}
