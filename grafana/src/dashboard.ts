import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TimePickerBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { MetricName } from '@inferometer/core/catalogue/catalogue';
import type { Engine } from '@inferometer/core/request-record';
import { datasource, type PanelBuilder } from './common.ts';
import type { DashboardJson } from './dashboard-json.ts';
import { finish } from './finish.ts';
import { labelValues, type SelectorLabel } from './queries.ts';

const tag = 'inferometer';

/** What tells one dashboard from another. */
export interface DashboardPlan {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly engine: Engine;
  /** In reading order: they flow from left to right, then down. */
  readonly panels: readonly PanelBuilder[];
}

/** The finished dashboard: what Grafana loads. */
export function dashboard({ uid, title, description, engine, panels }: DashboardPlan): DashboardJson {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([tag])
    .readonly()
    .time({ from: 'now-15m', to: 'now' })
    .refresh('5s')
    .timepicker(new TimePickerBuilder().refreshIntervals(['1s', '5s', '10s', '30s', '1m', '5m']))
    .tooltip(DashboardCursorSync.Crosshair)
    .link(otherDashboards());
  for (const variable of variables(engine)) builder.withVariable(variable);
  for (const panel of panels) builder.withPanel(panel);
  return finish(builder.build());
}

function otherDashboards(): DashboardLinkBuilder {
  return new DashboardLinkBuilder('Dashboards')
    .type(DashboardLinkType.Dashboards)
    .tags([tag])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true);
}

/**
 * Each variable offers what is left by those above it, the newest run first. Every agent reports its snapshot number,
 * whatever else it can read: that metric knows all runs and hosts.
 */
function variables(engine: Engine): (DatasourceVariableBuilder | QueryVariableBuilder)[] {
  return [
    new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    labelVariable('cluster', 'Cluster', 'inferometer_snapshot_seq', []),
    labelVariable('run', 'Run', 'inferometer_snapshot_seq', ['cluster'], VariableSort.NaturalDesc),
    labelVariable('instance', 'Host', 'inferometer_snapshot_seq', ['cluster', 'run']),
    labelVariable('model', 'Model', `${engine}_requests_total`, ['cluster', 'run', 'instance']),
  ];
}

/**
 * "All" is `.*` and not `.+`: it keeps series that have no such label, like those of a target that was written by
 * hand, and errors that vLLM does not attribute to a model.
 */
function labelVariable(
  label: SelectorLabel,
  title: string,
  metric: MetricName,
  chosenBy: readonly SelectorLabel[],
  order = VariableSort.NaturalAsc,
): QueryVariableBuilder {
  const variable = new QueryVariableBuilder(label)
    .label(title)
    .datasource(datasource)
    .query(labelValues(label, metric, chosenBy))
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: ['All'], value: ['$__all'] })
    .refresh(VariableRefresh.OnTimeRangeChanged);
  // oxlint-disable-next-line unicorn/no-array-sort -- a setting of the builder
  return variable.sort(order);
}
