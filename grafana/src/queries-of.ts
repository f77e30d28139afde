import type { DashboardJson, PanelJson, TargetJson } from './dashboard-json.ts';

/** One query of one panel, as Grafana sends it but for its variables. */
export interface PanelQuery {
  readonly panelId: number;
  readonly panel: string;
  readonly refId: string;
  readonly expr: string;
  readonly legend: string;
  /** Asked for the end of the time range alone. */
  readonly instant: boolean;
}

/** Every query of every panel, in the order of the panels. */
export function queriesOf(dashboard: DashboardJson): readonly PanelQuery[] {
  return dashboard.panels.flatMap((panel) => panel.targets.map((target) => queryOf(panel, target)));
}

function queryOf(panel: PanelJson, { refId, expr, legendFormat, instant }: TargetJson): PanelQuery {
  return { panelId: panel.id, panel: panel.title, refId, expr, legend: legendFormat ?? '', instant: instant === true };
}

/** Values of `$name` in a query. `__range` and `__rate_interval` are durations; the others are regular expressions. */
export type Variables = Readonly<Record<string, string>>;

const everything: Variables = {
  __range: '15m',
  __rate_interval: '1m',
  cluster: '.*',
  run: '.*',
  instance: '.*',
  model: '.*',
};

/** The query that Prometheus gets: variables that are not given stand for everything, in the last 15 minutes. */
export function substitute(expr: string, variables: Variables = {}): string {
  const values = { ...everything, ...variables };
  return expr.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${expr}: no value for $${name}`);
    return value;
  });
}
