/**
 * Writes the files that are made from the schemas in crds/ and from the dashboards beside: `npm run generate`. They are committed, so that a chart and a
 * reader need nothing but the checkout; test/crds/generated.test.ts says when they are old.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { customResourceDefinition } from "../crds/custom-resource-definition.ts";
import { group } from "../crds/kinds/kind.ts";
import { kinds } from "../crds/kinds/kinds.ts";
import { reference } from "../crds/reference.ts";
import { dashboardFiles } from "./dashboards/dashboard-files.ts";

const header = "# Made by npm run generate from crds/kinds: do not edit.\n";

/** Path in the repository and text of every generated file. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const definitions = kinds.map((kind) => ({
    name: `${group}_${kind.plural}.yaml`,
    text: stringify(customResourceDefinition(kind), { lineWidth: 130, aliasDuplicateObjects: false }),
  }));
  return new Map([
    ...definitions.map(({ name, text }): [string, string] => [`crds/generated/${name}`, `${header}${text}`]),
    // Helm and Kustomize read nothing outside their folder.
    ...definitions.map(({ name, text }): [string, string] => [`charts/snowline/files/crds/${name}`, `${header}${text}`]),
    ["charts/manifests/crds.yaml", `${header}${definitions.map(({ text }) => text).join("---\n")}`],
    ["docs/reference.md", reference(kinds)],
    ...dashboardFiles(),
  ]);
}

if (import.meta.main) {
  for (const [path, text] of generatedFiles()) {
    const file = join(import.meta.dirname, "..", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
