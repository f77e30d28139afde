import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PrometheusApi } from '@inferometer/core/prometheus-api';
import { freePort, type Running, start, untilAnswers } from './programs.ts';

const root = new URL('../..', import.meta.url).pathname;

export interface Served extends Running {
  readonly url: URL;
}

/** A real Pushgateway that keeps nothing over a restart. */
export async function startPushgateway(): Promise<Served> {
  const url = new URL(`http://127.0.0.1:${await freePort()}`);
  const program = start('prometheus-pushgateway', ['--persistence.file=', `--web.listen-address=${url.host}`]);
  await untilAnswers(new URL('/-/ready', url), program);
  return { ...program, url };
}

/**
 * A real Prometheus with the laptop stack's own configuration, scraping once a second in place of every five, and the
 * Pushgateway that it reaches at `target` (host:port).
 */
export async function startPrometheus(dir: string, target: string): Promise<Served & { readonly api: PrometheusApi }> {
  const config = join(dir, 'prometheus');
  mkdirSync(join(config, 'targets'), { recursive: true });
  cpSync(join(root, 'prometheus/dist'), join(config, 'dist'), { recursive: true });
  const shipped = readFileSync(join(root, 'prometheus/prometheus.yml'), 'utf8');
  const faster = shipped.replaceAll(/^( {2}(?:scrape|evaluation)_interval): 5s$/gm, '$1: 1s');
  writeFileSync(join(config, 'prometheus.yml'), faster);
  writeFileSync(join(config, 'targets/pushgateway.json'), JSON.stringify([{ targets: [target] }]));
  const url = new URL(`http://127.0.0.1:${await freePort()}`);
  const program = start('prometheus', [
    `--config.file=${join(config, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(dir, 'tsdb')}`,
    `--web.listen-address=${url.host}`,
  ]);
  await untilAnswers(new URL('/-/ready', url), program);
  return { ...program, url, api: new PrometheusApi(url) };
}
