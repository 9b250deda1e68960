import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generatedFiles } from "../../development/generate.ts";

const root = join(import.meta.dirname, "../..");

test.each([...generatedFiles()])("%s is what its source makes (else: npm run generate)", (path, text) => {
  expect(readFileSync(join(root, path), "utf8")).toBe(text);
});

test.each(["crds/generated/", "charts/snowline/files/crds/", "charts/snowline/dashboards/"])(
  "%s holds nothing else",
  (folder) => {
    const made = [...generatedFiles().keys()].filter((path) => path.startsWith(folder));
    expect(
      readdirSync(join(root, folder))
        .map((name) => `${folder}${name}`)
        .toSorted(),
    ).toEqual(made.toSorted());
  },
);
