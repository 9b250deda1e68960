import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
/** What docs/snowflake.md has a table of its own for, held by a test beside it. */
const snowflake = ["runtime/snowflake/", "runtime/sinks/snowflake/", "runtime/oauth/"];

const read = (path: string): string => readFileSync(join(root, path), "utf8");
const sources = (pattern: string): readonly string[] =>
  globSync(pattern, { cwd: root })
    .filter((path) => !snowflake.some((room) => path.startsWith(room)))
    .map(read);
const literals = (text: string): readonly string[] =>
  [...text.matchAll(/"(?<literal>\w+)"/g)].map(({ groups }) => groups!["literal"]!);

/** `reason: "One"`, also where one of two is chosen, the reasons that have a name of their own, and why pods are to end. */
function conditionReasons(code: string): readonly string[] {
  const given = [...code.matchAll(/\breason: (?<text>[^,;\n]*)/g), ...code.matchAll(/\bbecause: (?<text>"[^;\n]*)/g)];
  const named = [...code.matchAll(/Reason = (?<text>"\w+")/g)];
  return [...given, ...named].flatMap(({ groups }) => literals(groups!["text"]!)).filter((text) => /^[A-Z]/.test(text));
}

/** The first argument of Terminal, which may choose between two. */
const terminalReasons = (code: string): readonly string[] =>
  [...code.matchAll(/new Terminal\(\s*(?<first>[^,`]*),/g)].flatMap(({ groups }) => literals(groups!["first"]!));

/** What Kubernetes says of a pod, where we know what to do. */
function troubles(): readonly string[] {
  const table = /const fixes[^{]*\{(?<rows>[\s\S]*?)\n\};/.exec(read("operator/pipeline/decide/pod-trouble.ts"));
  return [...table!.groups!["rows"]!.matchAll(/^ {2}(?<reason>\w+):/gm)].map(({ groups }) => groups!["reason"]!);
}

test("docs/operator.md says of each reason what it means and what to do, once", () => {
  const operator = sources("operator/pipeline/**/*.ts").flatMap(conditionReasons);
  const runtime = sources("runtime/**/*.ts").flatMap((code) => [...conditionReasons(code), ...terminalReasons(code)]);
  expect(operator.length).toBeGreaterThan(20);
  expect(runtime.length).toBeGreaterThan(50);
  const given = new Set([...operator, ...runtime, ...troubles()]);
  const section = /\n## What a reason means\n(?<text>[\s\S]*?)\n## /.exec(read("docs/operator.md"));
  const cells = [...section!.groups!["text"]!.matchAll(/^\| (?<reasons>`[^|]*) \|/gm)].map(({ groups }) => groups!["reasons"]!);
  const listed = cells.flatMap((cell) => cell.split(", ").map((reason) => reason.replaceAll("`", "")));
  expect(listed.toSorted()).toEqual([...given].toSorted());
});
