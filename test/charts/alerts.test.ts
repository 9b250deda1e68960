import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { alertRules, alertsIn } from "../monitoring/alert-rules.ts";
import { chart, one, render, renderText } from "./helm.ts";

const alert = async (name: string, prometheusRule: object = {}, values: object = {}) =>
  alertsIn(await alertRules(prometheusRule, values)).filter((each) => each.alert === name);
const named = { SnowlineLagOverTarget: { for: "30m", severity: "critical" }, SnowlineRejecting: { enabled: false } };

test("there is no PrometheusRule unless it is wanted, and its labels are the user's", async () => {
  const rules = (objects: Awaited<ReturnType<typeof render>>) => objects.filter(({ kind }) => kind === "PrometheusRule");
  expect(rules(await render())).toEqual([]);
  const wanted = { enabled: true, labels: { release: "kube-prometheus-stack" } };
  const rule = one(await render({ values: { metrics: { prometheusRule: wanted } } }), "PrometheusRule");
  expect(rule.metadata.labels).toMatchObject(wanted.labels);
});

test("nothing in angle brackets is left in the rules", async () => {
  expect(JSON.stringify(await alertRules())).not.toMatch(/<\w+>/);
});

test("an alert is changed or left out by its name, and the others stay", async () => {
  const before = alertsIn(await alertRules());
  const after = alertsIn(await alertRules({ overrides: named }));
  expect(after).toEqual(
    before
      .filter((each) => each.alert !== "SnowlineRejecting")
      .map((each) =>
        each.alert === "SnowlineLagOverTarget" ? { ...each, for: "30m", labels: { ...each.labels, severity: "critical" } } : each,
      ),
  );
});

const thresholds: readonly [threshold: string, value: number, alert: string, expr: string][] = [
  ["catchUpSeconds", 7200, "SnowlineLagOverTarget", "[15m], 7200)"],
  ["stalledSeconds", 4000, "SnowlineStalled", "< 4000"],
  ["restarts", 7, "SnowlineRestarting", ">= 7"],
  ["rejectedFraction", 0.25, "SnowlineRejecting", "> 0.25"],
  ["probeFailures", 9, "SnowlineProbeFailing", "> 9"],
  ["certificateDays", 21, "SnowlineCertificateExpiring", "< 21 * 86400"],
];

test.each(thresholds)("thresholds.%s is %d in %s", async (threshold, value, name, expr) => {
  expect((await alert(name, { thresholds: { [threshold]: value } }))[0]?.expr).toContain(expr);
});

test("thresholds.lagSeconds is the target of a pipeline without one, and texts say thresholds as a person does", async () => {
  const { groups } = await alertRules({ thresholds: { lagSeconds: 300 } });
  const target = groups.flatMap(({ rules }) => rules).find(({ record }) => record === "snowline:pipeline_target_lag_seconds");
  expect(target?.expr).toContain("* 0 + 300");
  const text = async (name: string, limits: object) => (await alert(name, { thresholds: limits }))[0]?.annotations["description"];
  expect(await text("SnowlineLagOverTarget", { catchUpSeconds: 7200 })).toContain("still over it in 2 h.");
  expect(await text("SnowlineStalled", { stalledSeconds: 100 })).toContain("for more than 100 s.");
  expect(await text("SnowlineRejecting", { rejectedFraction: 0.07 })).toContain(" 7 % is the bound");
});

test("alerts are of the release's own operator, and of the namespaces in its scope only", async () => {
  const [down] = await alert("SnowlineOperatorDown", {}, { fullnameOverride: "etl" });
  expect(down?.expr).toContain('up{job="etl-metrics",namespace="snowline-system"}');
  const scoped = await alertRules({}, { scope: { namespaces: ["team-a", "team-b"] } });
  const pipelines = scoped.groups.find(({ name }) => name === "snowline.pipelines")?.rules ?? [];
  for (const { alert: name, record, expr } of pipelines) expect(expr, name ?? record).toContain('namespace=~"team-a|team-b"');
});

test("an alert's runbook is where the values say, and its labels are the user's besides", async () => {
  const [lag] = await alert("SnowlineLagOverTarget", {
    runbookBaseUrl: "https://git.example.com/runbooks/",
    alertLabels: { team: "data", severity: "none" },
  });
  expect(lag?.annotations["runbook_url"]).toBe("https://git.example.com/runbooks/SnowlineLagOverTarget.md");
  expect(lag?.labels).toEqual({ team: "data", severity: "warning" });
});

test("values.schema.json knows every alert by its name, and refuses another", async () => {
  const schema = JSON.parse(readFileSync(join(chart, "values.schema.json"), "utf8")) as {
    properties: {
      metrics: { properties: { prometheusRule: { properties: { overrides: { propertyNames: { enum: string[] } } } } } };
    };
  };
  const names = schema.properties.metrics.properties.prometheusRule.properties.overrides.propertyNames.enum;
  const alerts = alertsIn(await alertRules()).map((each) => each.alert);
  expect(names.toSorted()).toEqual([...new Set(alerts)].toSorted());
  const rule = (overrides: object): Promise<string> => renderText({ values: { metrics: { prometheusRule: { overrides } } } });
  await expect(rule({ SnowlineLagOverTraget: {} })).rejects.toThrow("invalid propertyName 'SnowlineLagOverTraget'");
  await expect(rule({ SnowlineStalled: { after: "5m" } })).rejects.toThrow("additional properties 'after' not allowed");
  await expect(rule({ SnowlineStalled: { for: "5 minutes" } })).rejects.toThrow("does not match pattern");
});
