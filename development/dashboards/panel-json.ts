import type { Panel, PanelKind, Query } from "./board.ts";

/** Where a panel is: Grafana counts in columns of 24 and in rows. */
export interface GridPosition {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Every query goes to the source that is chosen at the top. */
export const datasource = { type: "prometheus", uid: "${datasource}" } as const;

const letter = (at: number): string => String.fromCodePoint("A".codePointAt(0)! + at);

/** The panel as Grafana reads it. */
export function panelJson(panel: Panel, id: number, gridPos: GridPosition): object {
  const { title, description, kind, queries } = panel;
  return {
    id,
    type: kind,
    title,
    description,
    gridPos,
    datasource,
    targets: queries.map((query, at) => target(query, kind, letter(at))),
    fieldConfig: { defaults: defaults(panel), overrides: kind === "table" ? columns(panel) : [] },
    options: options(panel),
    ...(kind === "table" ? { transformations: transformations(queries) } : {}),
  };
}

function target({ expr, legend = "" }: Query, kind: PanelKind, refId: string): object {
  const once = { instant: true, range: false };
  const over = { instant: false, range: true };
  return {
    refId,
    datasource,
    expr,
    legendFormat: legend === "" ? "__auto" : legend,
    ...(kind === "table" || kind === "bargauge" || kind === "stat" ? once : over),
    ...(kind === "table" ? { format: "table" } : {}),
  };
}

function defaults(panel: Panel): object {
  const { kind, unit, warnFrom, max, names, link } = panel;
  const [orange, red] = warnFrom ?? [];
  const steps = [
    { color: kind === "bargauge" ? "blue" : warnFrom === undefined ? "text" : "green", value: null },
    ...(orange === undefined ? [] : [{ color: "orange", value: orange }]),
    ...(red === undefined ? [] : [{ color: "red", value: red }]),
  ];
  const mapping = Object.entries(names ?? {}).map(([value, [text, color]], index) => [value, { text, color, index }] as const);
  return {
    unit,
    min: 0,
    ...(max === undefined ? {} : { max }),
    thresholds: { mode: "absolute", steps },
    color: { mode: kind === "timeseries" ? "palette-classic" : "thresholds" },
    mappings: mapping.length === 0 ? [] : [{ type: "value", options: Object.fromEntries(mapping) }],
    ...(link === undefined ? {} : { links: [link] }),
    ...(kind === "timeseries" ? { custom: drawing(panel) } : {}),
    ...(kind === "state-timeline" ? { custom: { fillOpacity: 80, lineWidth: 0 } } : {}),
  };
}

const drawing = ({ stacked = false, warnFrom }: Panel): object => ({
  lineWidth: 1,
  fillOpacity: stacked ? 30 : 8,
  showPoints: "never",
  stacking: { mode: stacked ? "normal" : "none", group: "A" },
  thresholdsStyle: { mode: warnFrom === undefined ? "off" : "dashed" },
});

function options({ kind, names }: Panel): object {
  const reduceOptions = { calcs: ["lastNotNull"], fields: "", values: false };
  switch (kind) {
    case "stat":
      return { reduceOptions, colorMode: "value", graphMode: "none", textMode: "auto", justifyMode: "auto", orientation: "auto" };
    case "timeseries":
      return {
        legend: { displayMode: "table", placement: "bottom", showLegend: true, calcs: ["lastNotNull", "max"] },
        tooltip: { mode: "multi", sort: "desc" },
      };
    case "bargauge":
      return { reduceOptions, displayMode: "basic", orientation: "horizontal", showUnfilled: true, valueMode: "color" };
    case "state-timeline":
      return {
        mergeValues: true,
        showValue: names === undefined ? "never" : "auto",
        rowHeight: 0.8,
        legend: { displayMode: "list", placement: "bottom", showLegend: false, calcs: [] },
        tooltip: { mode: "single", sort: "none" },
      };
    case "table":
      return { showHeader: true, cellHeight: "sm" };
    default:
      return kind satisfies never;
  }
}

/** One row per pipeline, one column per query. */
function transformations(queries: readonly Query[]): readonly object[] {
  const renamed = queries.map(({ legend = "" }, at) => [`Value #${letter(at)}`, legend] as const);
  return [
    { id: "merge", options: {} },
    { id: "organize", options: { excludeByName: { Time: true }, indexByName: {}, renameByName: Object.fromEntries(renamed) } },
  ];
}

const columns = ({ columnUnits = {} }: Panel): readonly object[] =>
  Object.entries(columnUnits).map(([column, unit]) => ({
    matcher: { id: "byName", options: column },
    properties: [{ id: "unit", value: unit }],
  }));
