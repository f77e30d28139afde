import { dashboards } from '../src/index-of-dashboards.ts';
import { type PanelQuery, queriesOf } from '../src/queries-of.ts';

/** Every dashboard with its name, for `test.each`. */
export const allDashboards = Object.entries(dashboards).map(([name, dashboard]) => ({ name, dashboard: dashboard() }));

/** Every panel of every dashboard. */
export const allPanels = allDashboards.flatMap(({ name, dashboard }) =>
  dashboard.panels.map((panel) => ({ where: `${name}: ${panel.title}`, panel })),
);

/** Every query of every panel. */
export const allQueries = allDashboards.flatMap(({ name, dashboard }) =>
  queriesOf(dashboard).map((query: PanelQuery) => ({ where: `${name}: ${query.panel} ${query.refId}`, ...query })),
);
