import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { need } from '../../test/helpers/parts.ts';

interface Job {
  readonly job_name: string;
  readonly honor_labels: boolean;
  readonly file_sd_configs: readonly { readonly files: readonly string[]; readonly refresh_interval: string }[];
  readonly metric_relabel_configs?: readonly { readonly regex: string; readonly source_labels: readonly string[] }[];
}
interface Config {
  readonly global: { readonly scrape_interval: string; readonly evaluation_interval: string };
  readonly scrape_configs: readonly Job[];
}

const root = join(import.meta.dirname, '..');
const slow = { timeout: 60_000 };
const promtool = need('prometheus');
const config = parse(readFileSync(join(root, 'prometheus.yml'), 'utf8')) as Config;
const [pushgateway, exporters] = config.scrape_configs;

test.skipIf(promtool.skip)(`promtool accepts prometheus.yml${promtool.note}`, slow, async () => {
  const { exitCode } = await execa('promtool', ['check', 'config', 'prometheus.yml'], { cwd: root });
  expect(exitCode).toBe(0);
});

test('scrapes and evaluates every 5 s', () => {
  expect(config.global).toEqual({ scrape_interval: '5s', evaluation_interval: '5s' });
});

test('both jobs keep the labels of the series and read target files every 5 s', () => {
  expect(config.scrape_configs.map(({ job_name }) => job_name)).toEqual(['pushgateway', 'exporters']);
  for (const { job_name, honor_labels, file_sd_configs } of config.scrape_configs) {
    expect(honor_labels).toBe(true);
    expect(file_sd_configs).toEqual([{ files: [`targets/${job_name}*.json`], refresh_interval: '5s' }]);
    expect(existsSync(join(root, `targets/${job_name}.json`))).toBe(true);
  }
});

test.each([
  ['pushgateway', 'go_goroutines', true],
  ['pushgateway', 'process_cpu_seconds_total', true],
  ['pushgateway', 'pushgateway_build_info', true],
  ['pushgateway', 'promhttp_metric_handler_requests_total', true],
  ['inferometer', 'push_time_seconds', false],
  ['inferometer', 'push_failure_time_seconds', false],
  ['inferometer', 'ollama_requests_total', false],
])("a series of job %s named %s is the Pushgateway's own: %s", (job, name, dropped) => {
  const rule = pushgateway?.metric_relabel_configs?.[0];
  expect(rule?.source_labels).toEqual(['job', '__name__']);
  expect(new RegExp(`^(?:${rule?.regex})$`).test(`${job};${name}`)).toBe(dropped);
  expect(exporters?.metric_relabel_configs).toBeUndefined();
});
