import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chart, one, render } from "./helm.ts";

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** `resource verb` for each that a rule allows. */
const allowed = (rules: readonly Rule[]): readonly string[] =>
  [
    ...new Set(
      rules.flatMap(({ resources, verbs }) => resources.flatMap((resource) => verbs.map((verb) => `${resource} ${verb}`))),
    ),
  ].toSorted();

/** The same, from a table of the page whose first two columns are resources and verbs. */
function told(table: string): readonly string[] {
  const rows = [...table.matchAll(/^\| (?<resources>`[^|]*`) \| (?<verbs>[^|]*) \|/gm)];
  return allowed(
    rows.map(({ groups }) => ({
      resources: groups!["resources"]!.replaceAll("`", "").split(", "),
      verbs: groups!["verbs"]!.split(", "),
    })),
  );
}

test("docs/operator.md lists what the operator may do, no more and no less", async () => {
  const objects = await render();
  const page = readFileSync(join(chart, "../../docs/operator.md"), "utf8");
  const section = /\n## What it may do\n(?<text>[\s\S]*?)\n## /.exec(page)!.groups!["text"]!;
  const [everywhere = "", own = ""] = section.split("In its own namespace:");
  const rules = (kind: string, name: string): readonly Rule[] => one(objects, kind, name)["rules"];
  expect(told(everywhere)).toEqual(allowed(rules("ClusterRole", "snowline-pipelines.snowline-system")));
  expect(told(own)).toEqual(allowed(rules("Role", "snowline")));
  expect(allowed(rules("ClusterRole", "snowline-webhook.snowline-system"))).toEqual([
    "validatingwebhookconfigurations get",
    "validatingwebhookconfigurations patch",
  ]);
});
