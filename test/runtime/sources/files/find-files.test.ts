import { chmod, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Batch } from "../../../../runtime/component/batch.ts";
import { Terminal } from "../../../../runtime/component/errors.ts";
import { failure, folderOfEachTest, json } from "./open-files.ts";
import { readAll } from "./reading.ts";
import { withoutRoot } from "../../../without-root.ts";

const { signal } = new AbortController();
const folder = folderOfEachTest();

describe("the paths", () => {
  test("are globs and names, relative to the manifest's folder or absolute, each file once, by name", async () => {
    await mkdir(join(folder.path, "in/deep/er"), { recursive: true });
    for (const name of ["in/a.json", "in/deep/b.json", "in/deep/er/c.json", "in/.hidden.json", "in/[x].json", "y.txt"])
      await folder.put(name, "");
    await symlink(join(folder.path, "y.txt"), join(folder.path, "in/link.json"));
    const found = async (...paths: string[]) => {
      await using source = await folder.opened(json, { paths });
      return (await source.splits(signal)).map(({ id }) => id);
    };
    expect(await found("in/*.json")).toEqual(["in/[x].json", "in/a.json", "in/link.json"]);
    expect(await found("./in/**/*.json", "in/a.json")).toEqual([
      "in/[x].json",
      "in/a.json",
      "in/deep/b.json",
      "in/deep/er/c.json",
      "in/link.json",
    ]);
    expect(await found("in/[x].json")).toEqual(["in/[x].json"]);
    expect(await found(join(folder.path, "in/deep/*"))).toEqual([join(folder.path, "in/deep/b.json")]);
    expect(await found("in/deep/../a.json")).toEqual(["in/a.json"]);
  });

  test.each([
    ["none/*.json", /no file matches none\/\*\.json/],
    ["missing.json", /no file matches missing\.json/],
    [".", /is a directory; .*write \.\/\*/],
  ])("that are a mistake are named: %s", async (path, message) => {
    await folder.put("x", "");
    await using source = await folder.opened(json, { paths: ["x", path] });
    const error = await failure(source.splits(signal));
    expect(error).toBeInstanceOf(Terminal);
    expect(String(error)).toMatch(message);
  });

  test("that may not be read are named", async () => {
    await folder.put("x", '{"a":1}\n');
    await chmod(join(folder.path, "x"), 0);
    await using source = await folder.opened(json);
    const error = await withoutRoot(folder.path, () => failure(readAll(source)));
    expect(String(error)).toMatch(/x: cannot be read: permission denied/);
  });

  test("of a file that went away meanwhile are named", async () => {
    await folder.put("x", '{"a":1}\n');
    await using source = await folder.opened(json);
    for (const split of await source.splits(signal)) await source.open(split, null);
    await rm(join(folder.path, "x"));
    const error = await failure(source.read(new Batch([], { bytesMax: 1000, recordsMax: 10 }), signal));
    expect(error).toMatchObject({ reason: "FileUnreadable", message: "x: is gone" });
  });
});
