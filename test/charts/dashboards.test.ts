import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chart, render } from "./helm.ts";

interface GridPosition {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: GridPosition;
  readonly datasource?: object;
  readonly targets?: readonly { readonly refId: string; readonly datasource: object; readonly expr: string }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly datasource?: object }[];
  };
}

const folder = join(chart, "dashboards");
const files = readdirSync(folder);
const dashboards = files.map((file) => [file, JSON.parse(readFileSync(join(folder, file), "utf8")) as Dashboard] as const);
const chosen = { type: "prometheus", uid: "${datasource}" };
const columnsMax = 24;
/** Grafana's ids of units that are used. */
const units = new Set([
  ..."short s h bytes percentunit dateTimeFromNow cps rowsps ops reqps".split(" "),
  // Of a table's column.
  "bool_yes_no",
]);
/** Grafana puts them itself. */
const builtIn = ["datasource", "__range", "__rate_interval", "__data", "__url_time_range"];

const overlap = (a: GridPosition, b: GridPosition): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

test.each(dashboards)("%s: every panel has an id and a place of its own, a unit and a sentence", (_file, { panels }) => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const [at, panel] of panels.entries()) {
    const { gridPos, title, type, description, fieldConfig } = panel;
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(columnsMax);
    for (const other of panels.slice(at + 1)) expect(overlap(gridPos, other.gridPos), `${title} and ${other.title}`).toBe(false);
    if (type === "row") continue;
    expect(units, title).toContain(fieldConfig?.defaults.unit);
    expect(description, title).toMatch(/^\S.*\.$/);
  }
});

test.each(dashboards)("%s: every query goes to the chosen source and uses only choices that there are", (_file, dashboard) => {
  const { panels, templating } = dashboard;
  const names = templating.list.map(({ name }) => name);
  expect(templating.list[0]).toMatchObject({ name: "datasource", type: "datasource", query: "prometheus" });
  for (const variable of templating.list.slice(1)) expect(variable.datasource).toEqual(chosen);
  const queried = panels.filter(({ type }) => type !== "row");
  for (const { title, datasource, targets = [] } of queried) {
    expect(datasource, title).toEqual(chosen);
    expect(targets.length, title).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    for (const target of targets) expect(target.datasource, title).toEqual(chosen);
  }
  const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)].map(([, name]) => name);
  const known = new Set([...names, ...builtIn, "__all"]);
  expect(used.filter((name) => !known.has(name ?? ""))).toEqual([]);
  for (const name of names) expect(used).toContain(name);
});

test("no two panels of a dashboard have one title, no two dashboards one id, and none is of an old schema", () => {
  expect(new Set(dashboards.map(([, { uid }]) => uid)).size).toBe(3);
  for (const [file, { panels, schemaVersion }] of dashboards) {
    const titles = panels.map(({ title }) => title);
    expect(
      titles.filter((title, at) => titles.indexOf(title) !== at),
      file,
    ).toEqual([]);
    expect(schemaVersion).toBeGreaterThanOrEqual(39);
  }
});

test("a dashboard that a row leads to is there", () => {
  const uids = new Set(dashboards.map(([, { uid }]) => uid));
  const links = dashboards.flatMap(([, dashboard]) => [...JSON.stringify(dashboard).matchAll(/"url":"\/d\/([\w-]+)\?/g)]);
  expect(links.length).toBeGreaterThan(0);
  for (const [, uid] of links) expect(uids).toContain(uid);
});

const isDashboard = ({ metadata }: { readonly metadata: { readonly name: string } }): boolean =>
  metadata.name.includes("-dashboard-");

test("the chart ships each dashboard to the byte, with the label and the folder that Grafana's sidecar looks for", async () => {
  const dashboardsOf = async (values: object) => (await render({ values })).filter(isDashboard);
  expect(await dashboardsOf({})).toEqual([]);
  const shipped = await dashboardsOf({ metrics: { dashboards: { enabled: true } } });
  expect(shipped.map(({ metadata }) => metadata.name)).toEqual(files.map((file) => `snowline-dashboard-${file.slice(0, -5)}`));
  for (const [at, { metadata, ...object }] of shipped.entries()) {
    expect(metadata).toMatchObject({
      namespace: "snowline-system",
      labels: { grafana_dashboard: "1" },
      annotations: { grafana_folder: "Snowline" },
    });
    expect(Object.entries(object["data"] as Record<string, string>)).toEqual([
      [`snowline-${files[at]}`, readFileSync(join(folder, files[at]!), "utf8").trimEnd()],
    ]);
  }
  const theirs = { enabled: true, namespace: "grafana", labels: { dashboards: "yes" }, annotations: { folder: "Data" } };
  for (const { metadata } of await dashboardsOf({ metrics: { dashboards: theirs } })) {
    expect(metadata.namespace).toBe("grafana");
    expect(metadata.labels).toMatchObject({ dashboards: "yes" });
    expect(metadata.annotations).toMatchObject({ folder: "Data" });
  }
});
