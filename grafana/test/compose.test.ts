import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { need } from '../../test/helpers/parts.ts';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}
interface Compose {
  readonly services: { readonly prometheus: Service; readonly grafana: Service };
}

const root = join(import.meta.dirname, '../..');
const dockerCompose = need('compose');
const compose = parse(readFileSync(join(root, 'compose.yaml'), 'utf8'), { merge: true }) as Compose;
const { prometheus, grafana } = compose.services;
const services = Object.entries(compose.services).map(([name, service]) => ({ name, service }));

/** The value that `${NAME:-value}` has when NAME is not set. */
function withDefaults(text: string): string {
  return text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
}

function provisioned(file: string): unknown {
  return parse(readFileSync(join(root, 'grafana/provisioning', file), 'utf8'));
}

test('is a Compose file by the schema of the Compose Specification', () => {
  const schema = readFileSync(join(import.meta.dirname, 'fixtures/compose-spec/compose-spec.json'), 'utf8');
  const formats = { duration: true, ports: true, expose: true } as const;
  const validate = new Ajv2020({ strict: false, formats }).compile(JSON.parse(schema) as object);
  expect([validate(compose), validate.errors]).toEqual([true, null]);
});

test.skipIf(dockerCompose.skip)(
  `docker-compose 1.29 accepts it${dockerCompose.note}`,
  { timeout: 60_000 },
  async () => {
    const { exitCode } = await execa('docker-compose', ['-f', 'compose.yaml', 'config', '--quiet'], { cwd: root });
    expect(exitCode).toBe(0);
  },
);

describe.each(services)('$name', ({ service }) => {
  test('has a fully qualified image of a fixed version that can be replaced', () => {
    expect(service.image).toMatch(/^\$\{[A-Z]+_IMAGE:-.*\}$/);
    expect(withDefaults(service.image)).toMatch(/^docker\.io\/[a-z]+\/[a-z]+:v?\d+\.\d+\.\d+$/);
  });

  test('listens on the loopback address alone', () => {
    for (const port of service.ports) expect(withDefaults(port)).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  test('mounts folders of the repository read-only', () => {
    const mounts = service.volumes.map((volume) => withDefaults(volume).split(':'));
    const folders = mounts.filter(([source]) => source?.startsWith('.'));
    expect(folders.length).toBeGreaterThan(0);
    for (const [source = '', , options] of folders) {
      expect([source, existsSync(join(root, source)), options]).toEqual([source, true, 'ro']);
    }
  });

  test('can do no more than it has to', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
      extra_hosts: ['host.docker.internal:host-gateway'],
      healthcheck: { test: expect.any(Array) as unknown },
    });
  });
});

test('Prometheus is at 9092 and Grafana at 3001', () => {
  expect(withDefaults(prometheus.ports.join())).toBe('127.0.0.1:9092:9090');
  expect(withDefaults(grafana.ports.join())).toBe('127.0.0.1:3001:3000');
});

test('Prometheus keeps ten years under a size cap', () => {
  expect(prometheus.command?.map(withDefaults)).toEqual(
    expect.arrayContaining(['--storage.tsdb.retention.time=3650d', '--storage.tsdb.retention.size=20GB']),
  );
});

test('Grafana has no account, calls nobody and leaves its plugins alone', () => {
  expect(grafana.environment).toMatchObject({
    GF_AUTH_ANONYMOUS_ENABLED: 'true',
    GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
    GF_AUTH_DISABLE_LOGIN_FORM: 'true',
    GF_AUTH_BASIC_ENABLED: 'false',
    GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
    GF_PLUGINS_PREINSTALL_DISABLED: 'true',
    GF_PLUGINS_PREINSTALL_AUTO_UPDATE: 'false',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
    GF_DASHBOARDS_MIN_REFRESH_INTERVAL: '1s',
  });
});

test('Grafana finds its dashboards where they are mounted, the first at home', () => {
  const folder = '/var/lib/grafana-dashboards';
  expect(grafana.volumes.map(withDefaults)).toContain(`./grafana/dist:${folder}:ro`);
  expect(provisioned('dashboards/inferometer.yaml')).toMatchObject({ providers: [{ options: { path: folder } }] });
  expect(grafana.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']).toBe(`${folder}/ollama.json`);
  expect(existsSync(join(root, 'grafana/dist/ollama.json'))).toBe(true);
});

test("Grafana's data source is this Prometheus unless told otherwise, at its scrape interval", () => {
  expect(withDefaults(grafana.environment?.['PROMETHEUS_URL'] ?? '')).toBe('http://prometheus:9090');
  expect(provisioned('datasources/prometheus.yaml')).toMatchObject({
    datasources: [{ uid: 'prometheus', url: '${PROMETHEUS_URL}', isDefault: true, jsonData: { timeInterval: '5s' } }],
  });
});
