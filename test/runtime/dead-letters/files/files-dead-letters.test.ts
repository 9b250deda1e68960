import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Letter } from "../../../../runtime/component/dead-letters.ts";
import { Terminal } from "../../../../runtime/component/errors.ts";
import { openFilesDeadLetters } from "../../../../runtime/dead-letters/files/files-dead-letters.ts";
import { deadLettersContract, letterOf } from "../../../contract/dead-letters.ts";
import { laptopContext } from "../../formats/laptop-context.ts";

const newFolder = () => mkdtemp(join(tmpdir(), "snowline-letters-"));

deadLettersContract("files", {
  async place() {
    const folder = await newFolder();
    return {
      open: () => openFilesDeadLetters({ directory: "dead" }, laptopContext({ folder })),
      letters: () => lettersIn(join(folder, "dead")),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    };
  },
});

describe("dead letters in files", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await newFolder();
  });
  afterAll(() => rm(folder, { recursive: true }));
  const opened = (directory: string) => openFilesDeadLetters({ directory }, laptopContext({ folder }));

  test("a write that is repeated replaces its file, and one about other records does not", async () => {
    const letters = await opened("repeated");
    await letters.write([letterOf("orders", 1), letterOf("orders", 2)]);
    await letters.write([letterOf("orders", 1, { error: "other words" }), letterOf("orders", 2)]);
    await letters.write([letterOf("orders", 1)]);
    const errors = (await lettersIn(join(folder, "repeated"))).map(({ offset, error }) => `${offset} ${error}`);
    expect(errors.toSorted()).toEqual(["1 not JSON", "1 other words", "2 not JSON"]);
  });

  test("a letter about a replayed record does not replace the first letter about it", async () => {
    const letters = await opened("replayed");
    await letters.write([letterOf("orders", 1)]);
    await letters.write([letterOf("orders", 1, { headers: [{ name: "snowline.replays", value: Buffer.from("1") }] })]);
    expect(await lettersIn(join(folder, "replayed"))).toHaveLength(2);
  });

  test("a letter about a topic that was made anew does not replace the one about its former record", async () => {
    const letters = await opened("anew");
    await letters.write([letterOf("orders", 1)]);
    await letters.write([letterOf("orders", 1, { value: Buffer.from("another record") })]);
    await letters.write([letterOf("orders", 1, { timestampMs: 1 })]);
    expect(await lettersIn(join(folder, "anew"))).toHaveLength(3);
  });

  test("two owners that write the same letters at the same time do not disturb each other", async () => {
    const owners = [await opened("rivals"), await opened("rivals")];
    const rounds = Array.from({ length: 20 }, (_, round) => [letterOf("orders", round), letterOf("orders", 100 + round)]);
    for (const letters of rounds) await Promise.all(owners.map((owner) => owner.write(letters)));
    expect(await lettersIn(join(folder, "rivals"))).toHaveLength(40);
    expect((await readdir(join(folder, "rivals"))).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  test("directories above it that are missing are made", async () => {
    await (await opened("a/b/c")).write([letterOf("orders", 1)]);
    expect(await lettersIn(join(folder, "a/b/c"))).toHaveLength(1);
  });

  test("what a crash left half-written goes at the next start, and files of others stay", async () => {
    const directory = join(folder, "half");
    const letters = await opened("half");
    await letters.write([letterOf("orders", 1)]);
    const [name] = await readdir(directory);
    await writeFile(join(directory, `${name}.partial`), '{"pipe');
    await writeFile(join(directory, "notes.partial"), "mine");
    await opened("half");
    expect((await readdir(directory)).toSorted()).toEqual(["notes.partial", name].toSorted((a, b) => (a! < b! ? -1 : 1)));
  });

  test("topics with slashes and long paths make names a disk takes", async () => {
    const letters = await opened("paths");
    await letters.write([letterOf(`data/${"é".repeat(300)}/x.csv`, 1)]);
    expect(await lettersIn(join(folder, "paths"))).toHaveLength(1);
  });

  test("a directory that cannot be made stops the pipeline with its path", async () => {
    await writeFile(join(folder, "file"), "");
    const error: unknown = await opened("file/dead").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Terminal);
    expect(String(error)).toContain(join(folder, "file/dead"));
  });
});

async function lettersIn(directory: string): Promise<Letter[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".jsonl"));
  const texts = await Promise.all(names.toSorted().map((name) => readFile(join(directory, name), "utf8")));
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text, "base64"));
  return texts.flatMap((text) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => {
        const { key, value, headers, ...rest } = JSON.parse(line) as {
          key: string;
          value: string;
          headers: [string, string | null][];
        } & Letter;
        return {
          ...rest,
          key: bytes(key),
          value: bytes(value),
          headers: headers.map(([name, content]) => ({ name, value: bytes(content) })),
        };
      }),
  );
}
