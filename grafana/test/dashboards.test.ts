import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allDashboards, allPanels } from './generated.ts';

const dist = join(import.meta.dirname, '../dist');
const units = new Set(['none', 's', 'percentunit', 'reqps', 'bytes', 'watt', 'celsius', 'suffix: tokens']);

test('the committed dashboards are the generated ones', () => {
  const committed = readdirSync(dist).map((file) => [
    file,
    JSON.parse(readFileSync(join(dist, file), 'utf8')) as unknown,
  ]);
  expect(Object.fromEntries(committed)).toEqual(
    Object.fromEntries(allDashboards.map(({ name, dashboard }) => [`${name}.json`, dashboard])),
  );
});

test('uids and titles are unique', () => {
  expect(new Set(allDashboards.map(({ dashboard }) => dashboard.uid)).size).toBe(allDashboards.length);
  expect(new Set(allDashboards.map(({ dashboard }) => dashboard.title)).size).toBe(allDashboards.length);
});

describe.each(allDashboards)('$name', ({ name, dashboard }) => {
  test('has a stable uid and stands among the Inferometer dashboards', () => {
    expect(dashboard).toMatchObject({ uid: `inf-${name}`, tags: ['inferometer'], editable: false, schemaVersion: 42 });
    expect(dashboard.links).toMatchObject([{ type: 'dashboards', tags: ['inferometer'], asDropdown: true }]);
    expect(dashboard).not.toHaveProperty('id');
  });

  test('shows the last 15 minutes every 5 s with a shared crosshair', () => {
    expect(dashboard).toMatchObject({ time: { from: 'now-15m', to: 'now' }, refresh: '5s', graphTooltip: 1 });
  });

  test('offers the data source, then cluster, run, host and model', () => {
    const [datasource, ...labels] = dashboard.templating.list;
    expect(datasource).toMatchObject({ type: 'datasource', name: 'datasource', label: 'Data source' });
    expect(labels.map((variable) => variable.name)).toEqual(['cluster', 'run', 'instance', 'model']);
    for (const variable of labels) {
      expect(variable).toMatchObject({
        datasource: { uid: '${datasource}' },
        multi: true,
        includeAll: true,
        allValue: '.*',
        refresh: 2,
      });
      expect(variable.query).toMatch(new RegExp(`^label_values\\(\\w+(\\{.*\\})?, ${variable.name}\\)$`));
      expect(variable.query).not.toContain(`$${variable.name}`);
    }
  });

  test('offers the newest run first', () => {
    expect(dashboard.templating.list[2]).toMatchObject({ name: 'run', sort: 8 });
  });

  test('numbers its panels and queries', () => {
    expect(dashboard.panels.map(({ id }) => id)).toEqual(dashboard.panels.map((_, index) => index + 1));
    for (const { targets } of dashboard.panels) {
      expect(targets.map(({ refId }) => refId)).toEqual(['A', 'B', 'C', 'D', 'E', 'F'].slice(0, targets.length));
    }
  });

  test('lays its panels out in 24 columns, in order, without overlap or hole', () => {
    const taken = new Set<string>();
    let area = 0;
    for (const {
      gridPos: { x, y, w, h },
    } of dashboard.panels) {
      area += w * h;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column += 1) {
        for (let row = y; row < y + h; row += 1) taken.add(`${column} ${row}`);
      }
    }
    const order = dashboard.panels.map(({ gridPos: { x, y } }) => y * 24 + x);
    const bottom = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect([taken.size, area]).toEqual([area, bottom * 24]);
  });

  test('answers on the first screen whether it runs, how fast and whether it fails', () => {
    const rowsAt800Pixels = 16;
    const first = dashboard.panels.slice(0, 7);
    expect(first.map(({ title }) => title)).toContain('Error rate over time');
    for (const { gridPos } of first) expect(gridPos.y + gridPos.h).toBeLessThanOrEqual(rowsAt800Pixels);
  });

  test('hides nothing in menus', () => {
    expect(JSON.stringify(dashboard)).not.toContain('inControlsMenu');
  });
});

describe.each(allPanels)('$where', ({ panel }) => {
  test('says what it shows and what it means when it is empty', () => {
    expect(panel.title).not.toBe('');
    expect(panel.description).toMatch(/^[A-Z].{40,}\.\n\nEmpty: .{20,}\.$/s);
    expect(panel.fieldConfig.defaults.noValue).toMatch(/^No /);
  });

  test('has a unit', () => {
    expect(units).toContain(panel.fieldConfig.defaults.unit);
  });

  test('asks the chosen data source', () => {
    expect(panel.targets.length).toBeGreaterThan(0);
    for (const { datasource } of [panel, ...panel.targets]) expect(datasource.uid).toBe('${datasource}');
  });

  test('names the lines of a time series', () => {
    const unnamed = panel.targets.filter(({ legendFormat }) => !legendFormat);
    expect(unnamed.length === 0 || panel.type !== 'timeseries').toBe(true);
  });

  test('asks for numbers of now at the end of the range alone', () => {
    const instant = ['stat', 'gauge', 'barchart'].includes(panel.type);
    for (const target of panel.targets) expect(target.instant === true).toBe(instant);
  });
});

test('the Ollama dashboard has its 13 panels in order, vLLM the same and two more', () => {
  const titles = Object.fromEntries(
    allDashboards.map(({ name, dashboard }) => [name, dashboard.panels.map(({ title }) => title)]),
  );
  expect(titles['ollama']).toEqual([
    'Workload status',
    'Requests total',
    'Throughput by host',
    'Total throughput',
    'Request latency',
    'Success vs failed requests',
    'Error rate over time',
    'CPU utilisation',
    'Host memory used',
    'GPU utilisation',
    'GPU power',
    'GPU temperature',
    'GPU memory used',
  ]);
  expect(titles['vllm']).toEqual([...(titles['ollama'] ?? []), 'Tokens per request', 'Cache usage']);
});
