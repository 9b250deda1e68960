import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../../..");
/** Everything that can stop a pipeline because of its account. */
const rooms = [
  "runtime/snowflake/**/*.ts",
  "runtime/sinks/snowflake/**/*.ts",
  "runtime/oauth/*.ts",
  "runtime/pod/{pod-context,reference-files}.ts",
];

/** A reason is the first argument of Terminal, which may choose between two, or the reason of a step that stops. */
function reasonsIn(code: string): readonly string[] {
  const thrown = [...code.matchAll(/new Terminal\(\s*(?<first>[^,`]*),/g)].map(({ groups }) => groups!["first"]!);
  const steps = [...code.matchAll(/kind: "stop",\s*reason: (?<reason>"\w+")/g)].map(({ groups }) => groups!["reason"]!);
  return [...thrown, ...steps].flatMap((text) => [...text.matchAll(/"(?<reason>\w+)"/g)].map(({ groups }) => groups!["reason"]!));
}

test("docs/snowflake.md says of each reason that stops a pipeline what to do, once", () => {
  const paths = globSync(rooms, { cwd: root });
  const given = new Set(paths.flatMap((path) => reasonsIn(readFileSync(join(root, path), "utf8"))));
  expect(given.size).toBeGreaterThan(20);
  const section = /\n## When it stops\n(?<text>[\s\S]*?)\n## /.exec(readFileSync(join(root, "docs/snowflake.md"), "utf8"));
  const cells = [...section!.groups!["text"]!.matchAll(/^\| (?<reasons>`[^|]*) \|/gm)].map(({ groups }) => groups!["reasons"]!);
  const listed = cells.flatMap((cell) => cell.split(", ").map((reason) => reason.replaceAll("`", "")));
  // The engine's own, which a table that never rests brings about.
  expect(listed.toSorted()).toEqual([...given, "TargetUnstable"].toSorted());
});
