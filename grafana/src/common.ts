import {
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import * as barchart from '@grafana/grafana-foundation-sdk/barchart';
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as gauge from '@grafana/grafana-foundation-sdk/gauge';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { colors } from './colors.ts';

/** Seconds between two scrapes: Prometheus' `scrape_interval`, and the data source's `timeInterval`. */
const scrapeSeconds = 5;

/** The data source that the user chose at the top of the dashboard. */
export const datasource = { type: 'prometheus', uid: '${datasource}' };

/** A builder of one panel, whatever its type. */
export interface PanelBuilder {
  build(): Panel;
}

/** What every panel tells its reader. */
export interface About {
  readonly title: string;
  /** What is shown, in which unit, and how to read it. */
  readonly description: string;
  readonly unit: string;
  /** Short text in place of a value where there is none. */
  readonly noValue: string;
  /** What it means when the panel is empty. */
  readonly empty: string;
  readonly width: number;
  readonly height: number;
}

interface Describable {
  title(title: string): this;
  description(description: string): this;
  datasource(ref: typeof datasource): this;
  unit(unit: string): this;
  noValue(text: string): this;
  span(width: number): this;
  height(height: number): this;
}

function describe<T extends Describable>(builder: T, about: About): T {
  return builder
    .title(about.title)
    .description(`${about.description}\n\nEmpty: ${about.empty}`)
    .datasource(datasource)
    .unit(about.unit)
    .noValue(about.noValue)
    .span(about.width)
    .height(about.height);
}

/** Lines over time; a gap longer than three scrapes stays a gap. */
export function timeseriesPanel(about: About): timeseries.PanelBuilder {
  return describe(new timeseries.PanelBuilder(), about)
    .min(0)
    .lineWidth(2)
    .fillOpacity(5)
    .spanNulls(3 * scrapeSeconds * 1000)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .legend(legend().calcs(['lastNotNull', 'max']))
    .tooltip(tooltip());
}

/** One number. Its colour is fixed: Grafana's own default turns red at 80. */
export function statPanel(about: About): stat.PanelBuilder {
  return describe(new stat.PanelBuilder(), about)
    .reduceOptions(lastValue())
    .graphMode(BigValueGraphMode.None)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(colors.plain));
}

/** One dial per series. */
export function gaugePanel(about: About): gauge.PanelBuilder {
  return describe(new gauge.PanelBuilder(), about).reduceOptions(lastValue());
}

/** Bars by category. */
export function barchartPanel(about: About): barchart.PanelBuilder {
  return describe(new barchart.PanelBuilder(), about).legend(legend()).tooltip(tooltip());
}

function legend(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom);
}

function tooltip(): VizTooltipOptionsBuilder {
  // oxlint-disable-next-line unicorn/no-array-sort -- a setting of the builder
  return new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);
}

function lastValue(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(['lastNotNull']);
}

/** A query over the time range: one line per series. */
export function overTime(expr: string, legendFormat: string): DataqueryBuilder {
  return query(expr).legendFormat(legendFormat).range();
}

/**
 * A query over the time range whose rates look back over a minute, for what happens with each request: with the
 * default of four scrapes most points of a slow model would have no request to show. Grafana looks back over four
 * times the minimum step.
 */
export function overTimeByMinute(expr: string, legendFormat: string): DataqueryBuilder {
  return overTime(expr, legendFormat).interval(`${3 * scrapeSeconds}s`);
}

/** A query at the end of the time range alone: what has gone since has no value, not its last one. */
export function atEnd(expr: string, legendFormat = ''): DataqueryBuilder {
  return query(expr).legendFormat(legendFormat).instant();
}

/** The same as table rows, one column per label. */
export function rowsAtEnd(expr: string): DataqueryBuilder {
  return query(expr).format(PromQueryFormat.Table).instant();
}

function query(expr: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(datasource).expr(expr);
}

/** Properties of a series that always has this colour. */
export function fixedColor(fixed: string): DynamicConfigValue[] {
  return [{ id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: fixed } }];
}
