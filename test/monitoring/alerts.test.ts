import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { boards } from "../../development/dashboards/dashboard-files.ts";
import { alertRules, alertsIn } from "./alert-rules.ts";
import type { AlertCase } from "./cases/alert-case.ts";
import { alertCases } from "./cases/alert-cases.ts";
import { monitoringPrograms } from "./monitoring-programs.ts";

const run = promisify(execFile);
const { promtool } = await monitoringPrograms();
const rules = await alertRules();
const alerts = alertsIn(rules);
const directory = await mkdtemp(join(tmpdir(), "snowline-alerts-"));
const ruleFile = join(directory, "rules.json");
await writeFile(ruleFile, JSON.stringify(rules));
afterAll(() => rm(directory, { recursive: true }));

/** Resolves to what promtool complains of; empty: nothing. */
async function promtoolTest(content: object): Promise<string> {
  const file = join(directory, `${crypto.randomUUID()}.json`);
  await writeFile(file, JSON.stringify(content));
  return run(promtool, ["test", "rules", file]).then(
    () => "",
    (error: { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}`,
  );
}

const signed = (alert: string, sign: string | undefined): string => (sign === undefined ? alert : `${alert} (${sign})`);

/** promtool compares labels and annotations in full. A name may have several rules: those of other signs stay quiet. */
function promtoolCase({ alert, sign, series, at, fires }: AlertCase): object {
  const expected = fires === null ? [] : [expectedAlert(alert, sign, fires)];
  // All of these series are as bad from the start: it is the rule that waits.
  const patience = alerts.find((rule) => rule.alert === alert && rule.labels["sign"] === sign)?.for;
  const early = patience === undefined ? [] : [{ eval_time: `${secondsIn(patience) - 30}s`, alertname: alert, exp_alerts: [] }];
  return {
    rule_files: [ruleFile],
    evaluation_interval: "30s",
    tests: [
      {
        interval: "30s",
        input_series: series.map(([name, values]) => ({ series: name, values })),
        alert_rule_test: [...early, { eval_time: at, alertname: alert, exp_alerts: expected }],
      },
    ],
  };
}

const secondsOf: Readonly<Record<string, number>> = { m: 60, h: 3600 };
const secondsIn = (duration: string): number => Number(duration.slice(0, -1)) * secondsOf[duration.slice(-1)]!;

function expectedAlert(alert: string, sign: string | undefined, fires: NonNullable<AlertCase["fires"]>): object {
  const { labels, severity, summary, description } = fires;
  return {
    exp_labels: { ...labels, severity, ...(sign === undefined ? {} : { sign }) },
    exp_annotations: { summary, description, runbook_url: `docs/runbooks/${alert}.md` },
  };
}

const titled = alertCases.map(
  (each) => [`${signed(each.alert, each.sign)} ${each.fires === null ? "is quiet" : "fires"} ${each.what}`, each] as const,
);

test.each(titled)("%s", async (_title, each) => {
  expect(await promtoolTest(promtoolCase(each))).toBe("");
});

test("promtool finds nothing wrong with the rules", async () => {
  const { stdout } = await run(promtool, ["check", "rules", ruleFile]);
  expect(stdout).toContain("SUCCESS");
});

test("every rule that alerts has a case in which it fires and one in which it does not", () => {
  const all = alerts.map(({ alert, labels }) => signed(alert, labels["sign"]));
  const named = (fires: boolean) =>
    new Set(alertCases.filter((each) => (each.fires !== null) === fires).map(({ alert, sign }) => signed(alert, sign)));
  expect([...named(true)].toSorted()).toEqual(all.toSorted());
  expect([...named(false)].toSorted()).toEqual(all.toSorted());
});

const pages = join(import.meta.dirname, "../../docs/runbooks");
const sections = ["## What it means", "## Look first", "## Likely causes", "## What to do", "## When it goes by itself"];

test("every alert has its page, every page its alert, and each says the same five things", async () => {
  const names = [...new Set(alerts.map(({ alert }) => alert))].toSorted();
  const files = (await readdir(pages)).filter((file) => file !== "README.md").toSorted();
  expect(files).toEqual(names.map((name) => `${name}.md`));
  const list = await readFile(join(pages, "README.md"), "utf8");
  for (const name of names) {
    const page = await readFile(join(pages, `${name}.md`), "utf8");
    expect(page.startsWith(`# ${name}\n`), name).toBe(true);
    expect(
      [...page.matchAll(/^## .*$/gm)].map(([heading]) => heading),
      name,
    ).toEqual(sections);
    expect(list).toContain(`[${name}](${name}.md)`);
  }
});

test("the list of runbooks says of each alert whether it calls a person at night", async () => {
  const list = await readFile(join(pages, "README.md"), "utf8");
  for (const { alert, labels, for: after = "at once" } of alerts) {
    const rows = list.split("\n").filter((line) => line.includes(`[${alert}]`));
    expect(
      rows.some((row) => row.includes(`| ${labels["severity"]} |`) && row.includes(after)),
      `${alert}: ${rows.join()}`,
    ).toBe(true);
  }
});

const root = join(import.meta.dirname, "../..");
const source = (path: string): Promise<string> => readFile(join(root, path), "utf8");

test("alerts ask for metrics that there are, and dashboards, too", async () => {
  const table = await source("docs/metrics.md");
  const known = new Set([...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name));
  const queried = [
    ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)),
    ...Object.values(boards).flatMap(({ sections }) =>
      sections.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => expr))),
    ),
  ].join("\n");
  const names = new Set(
    [...queried.matchAll(/\b(?:snowline|operator|controller_runtime|workqueue|rest_client|leader_election)_\w+/g)].map(([name]) =>
      name.replace(/_(?:bucket|sum|count)$/, ""),
    ),
  );
  expect(names.size).toBeGreaterThan(40);
  expect([...names].filter((name) => !known.has(name))).toEqual([]);
});

test("alerts ask for conditions and limiters that there are", async () => {
  const asked = (label: string): readonly string[] =>
    alerts.flatMap(({ expr }) =>
      [...expr.matchAll(new RegExp(`\\b${label}=~?"([\\w|]+)"`, "g"))].flatMap(([, values]) => values!.split("|")),
    );
  const [told, available, limiters] = await Promise.all(
    [
      "operator/pipeline/status/told-conditions.ts",
      "operator/pipeline/status/available.ts",
      "operator/scaling/scaling-decision.ts",
    ].map(source),
  );
  expect(asked("type").length).toBeGreaterThan(4);
  for (const type of asked("type")) expect(`${told}${available}`).toContain(`"${type}"`);
  expect(asked("limiter").length).toBeGreaterThan(3);
  for (const limiter of asked("limiter")) expect(limiters).toContain(`"${limiter}"`);
});
