/** The parts of Grafana's classic dashboard JSON that we read. */
export interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly templating: { readonly list: readonly VariableJson[] };
  readonly annotations: { readonly list: readonly object[] };
  readonly links: readonly object[];
  readonly panels: readonly PanelJson[];
}

export interface VariableJson {
  readonly type: string;
  readonly name: string;
  readonly label: string;
  readonly query: string;
}

export interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly datasource: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: { readonly defaults: { readonly unit?: string; readonly noValue?: string } };
  readonly targets: readonly TargetJson[];
}

export interface TargetJson {
  readonly refId: string;
  readonly datasource: { readonly uid: string };
  readonly expr: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  readonly format?: string;
  /** Minimum step. */
  readonly interval?: string;
}
