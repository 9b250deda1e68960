import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { snowline } from "../cli/captured-shell.ts";
import { exampleFolder } from "./example-folder.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const pages = ["README.md", "CONTRIBUTING.md", "docs/snowflake.md"].filter((page) => existsSync(join(root, page)));
const texts = await Promise.all(pages.map(async (page) => ({ page, text: await readFile(join(root, page), "utf8") })));

/** Each match of a pattern's first group, once, with its page. */
const found = (pattern: RegExp): { readonly page: string; readonly match: string }[] =>
  texts.flatMap(({ page, text }) =>
    [...new Set([...text.matchAll(pattern)].map(([, match]) => match!))].map((match) => ({ page, match })),
  );

describe("the pages at the front", () => {
  it.each(found(/\b(examples\/[\w./*-]+\.yaml)/g))("$page: $match is there", ({ match }) => {
    expect(existsSync(join(root, match))).toBe(true);
  });

  it.each(found(/npx snowline (\w+) /g))("$page: the command $match is there", async ({ match }) => {
    expect(await snowline([match, "--help"])).toMatchObject({ code: 0 });
  });

  it.each(found(/```ya?ml\n(apiVersion: snowline\.dev[^]*?)```/g))("$page: its manifest is valid", async ({ match }) => {
    const { code, stdout } = await snowline(["validate", "-"], { stdin: match });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^valid/) });
  });

  it("name only metrics that there are", async () => {
    await using examples = await exampleFolder();
    await snowline(["run", examples.file("weather.yaml"), "--metrics-file", examples.file("metrics.prom")]);
    const metrics = await readFile(examples.file("metrics.prom"), "utf8");
    const named = found(/\b(snowline_[a-z_]+[a-z])\b/g).map(({ match }) => match);
    expect(named.filter((name) => !metrics.includes(`# TYPE ${name} `))).toEqual([]);
  });
});

describe("examples", () => {
  it("have each a file of cases, and say in their head how to run them", async () => {
    const names = (await readdir(join(root, "examples"))).filter(
      (name) => name.endsWith(".yaml") && !name.endsWith(".test.yaml") && !["kafka.yaml", "warehouse.yaml"].includes(name),
    );
    for (const name of names) {
      expect(existsSync(join(root, "examples", name.replace(/\.yaml$/, ".test.yaml")))).toBe(true);
      expect(await readFile(join(root, "examples", name), "utf8")).toMatch(
        new RegExp(`^# .*\\n(#.*\\n)*# +snowline run +examples/${name}`),
      );
    }
  });
});
