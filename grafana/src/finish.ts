import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { DashboardJson, PanelJson, TargetJson, VariableJson } from './dashboard-json.ts';

type Incomplete<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;
type BuiltPanel = Omit<Incomplete<PanelJson, 'id'>, 'targets'> & {
  readonly repeat?: string;
  readonly repeatDirection?: string;
  readonly targets: readonly Incomplete<TargetJson, 'refId'>[];
};
type BuiltDashboard = Omit<DashboardJson, 'panels' | 'annotations'> & {
  readonly panels: readonly BuiltPanel[];
  readonly annotations: Partial<DashboardJson['annotations']>;
};

/**
 * Makes the builders' output complete: they leave out the ids without which Grafana loses panels and queries, hide
 * links in a menu, and write fields that mean nothing for the kind of variable or panel.
 */
export function finish(dashboard: Dashboard): DashboardJson {
  const built = JSON.parse(JSON.stringify(dashboard)) as BuiltDashboard;
  return {
    ...built,
    annotations: { list: (built.annotations.list ?? []).map(withoutPlacement) },
    links: built.links.map(withoutPlacement),
    templating: { list: built.templating.list.map(finishVariable) },
    panels: built.panels.map((panel, index) => finishPanel(panel, index + 1)),
  };
}

function withoutPlacement(control: object): object {
  return Object.fromEntries(Object.entries(control).filter(([key]) => key !== 'placement'));
}

/** Every variable comes with the settings of an interval variable. */
function finishVariable(variable: VariableJson): VariableJson {
  const fields = Object.entries(variable).filter(([key]) => !['auto', 'auto_min', 'auto_count'].includes(key));
  return variable.type === 'interval' ? variable : (Object.fromEntries(fields) as unknown as VariableJson);
}

function finishPanel({ repeatDirection, ...panel }: BuiltPanel, id: number): PanelJson {
  const targets = panel.targets.map((target, index) => ({ refId: refIdAt(index), ...target }));
  return { id, ...panel, ...(panel.repeat !== undefined && { repeatDirection }), targets };
}

function refIdAt(index: number): string {
  return String.fromCodePoint('A'.charCodeAt(0) + index);
}
