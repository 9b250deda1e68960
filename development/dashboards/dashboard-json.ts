import type { Board, Panel, PanelKind, Section, Variable } from "./board.ts";
import { datasource, type GridPosition, panelJson } from "./panel-json.ts";

/** Grafana's width of a dashboard. */
const columnsMax = 24;
/** Grafana 10 and newer read it, and bring it up to date themselves. */
const schemaVersion = 39;

const height: Readonly<Record<PanelKind, number>> = { stat: 4, timeseries: 8, bargauge: 8, "state-timeline": 8, table: 10 };
const usualWidth: Readonly<Record<PanelKind, number>> = {
  stat: 3,
  timeseries: 12,
  bargauge: 12,
  "state-timeline": 12,
  table: 24,
};

/** Text of the dashboard's file: JSON with one line for each panel, so that a change shows which panel it is of. */
export function dashboardText(board: Board): string {
  const { panels, ...rest } = dashboardJson(board);
  const lines = Object.entries(rest).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  const panelLines = panels.map((panel) => `    ${JSON.stringify(panel)}`);
  return `{\n${lines.join(",\n")},\n  "panels": [\n${panelLines.join(",\n")}\n  ]\n}\n`;
}

function dashboardJson(board: Board) {
  const { uid, title, description, variables, sections, from } = board;
  return {
    uid,
    title,
    description,
    tags: ["snowline"],
    schemaVersion,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    time: { from, to: "now" },
    timezone: "browser",
    links: [others],
    annotations: { list: [] },
    templating: { list: [source, ...variables.map(variableJson)] },
    panels: placed(sections),
  };
}

/** Leads to the other dashboards, with what is chosen here. */
const others = {
  type: "dashboards",
  title: "Snowline",
  tags: ["snowline"],
  icon: "external link",
  tooltip: "",
  url: "",
  asDropdown: false,
  includeVars: true,
  keepTime: true,
  targetBlank: false,
};

const source = {
  name: "datasource",
  label: "Prometheus",
  type: "datasource",
  query: "prometheus",
  hide: 0,
};

function variableJson({ name, label, query, several }: Variable): object {
  return {
    name,
    label,
    type: "query",
    datasource,
    definition: query,
    query: { query, refId: "values" },
    refresh: 2,
    sort: 1,
    multi: several,
    includeAll: several,
    // Not a list of all values: a cluster may have thousands.
    ...(several ? { allValue: ".*", current: { text: "All", value: "$__all" } } : {}),
    hide: 0,
  };
}

/** Panels from left to right, a new line where the width is used up, each section below a heading. */
function placed(sections: readonly Section[]): readonly object[] {
  const all: object[] = [];
  let y = 0;
  for (const { title, panels } of sections) {
    const gridPos = { x: 0, y, w: columnsMax, h: 1 };
    all.push({ id: all.length + 1, type: "row", title, collapsed: false, gridPos, panels: [] });
    y += 1;
    for (const line of linesOf(panels)) {
      const h = Math.max(...line.map(({ kind }) => height[kind]));
      let x = 0;
      for (const panel of line) {
        const w = widthOf(panel);
        const position: GridPosition = { x, y, w, h };
        all.push(panelJson(panel, all.length + 1, position));
        x += w;
      }
      y += h;
    }
  }
  return all;
}

function linesOf(panels: readonly Panel[]): readonly (readonly Panel[])[] {
  const lines: Panel[][] = [];
  let used = columnsMax;
  for (const panel of panels) {
    if (used + widthOf(panel) > columnsMax) {
      lines.push([]);
      used = 0;
    }
    lines.at(-1)?.push(panel);
    used += widthOf(panel);
  }
  return lines;
}

const widthOf = ({ kind, width }: Panel): number => width ?? usualWidth[kind];
