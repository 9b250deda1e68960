/**
 * Writes the files that are made from the schemas in crds/: `npm run generate`. They are committed, so that a chart and a
 * reader need nothing but the checkout; test/crds/generated.test.ts says when they are old.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { customResourceDefinition } from "../crds/custom-resource-definition.ts";
import { group } from "../crds/kinds/kind.ts";
import { kinds } from "../crds/kinds/kinds.ts";
import { reference } from "../crds/reference.ts";

/** Path in the repository and text of every generated file. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const definitions = kinds.flatMap((kind): [string, string][] => {
    const name = `${group}_${kind.plural}.yaml`;
    const definition = stringify(customResourceDefinition(kind), { lineWidth: 130, aliasDuplicateObjects: false });
    const text = `# Made by npm run generate from crds/kinds: do not edit.\n${definition}`;
    // Helm reads nothing outside its chart.
    return [
      [`crds/generated/${name}`, text],
      [`charts/snowline/files/crds/${name}`, text],
    ];
  });
  return new Map([...definitions, ["docs/reference.md", reference(kinds)]]);
}

if (import.meta.main) {
  for (const [path, text] of generatedFiles()) {
    const file = join(import.meta.dirname, "..", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
