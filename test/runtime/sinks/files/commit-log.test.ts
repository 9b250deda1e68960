import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CommitLog } from "../../../../runtime/sinks/files/commit-log.ts";
import { nothing } from "../../../../runtime/sinks/files/entry.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "snowline-log-"));
  await mkdir(join(directory, "staging"));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const open = () => new CommitLog(directory, join(directory, "staging"));
const draft = (owner: string) => () => ({ ...nothing, owner, at: "", event: { claimed: [] } });
const numbers = async () =>
  (await readdir(directory)).filter((name) => name.endsWith(".json")).map((name) => Number(name.slice(0, 12)));

async function appendMany(log: CommitLog, owner: string, count: number): Promise<void> {
  for (let at = 0; at < count; at++) await log.append(owner, async () => draft(owner));
}

test("a writer that sleeps until its number is free again is not taken for one that committed", async () => {
  const [zombie, other] = [open(), open()];
  await appendMany(zombie, "zombie", 1);
  const seen: (number | undefined)[] = [];
  const entry = await zombie.append("zombie", async (newest) => {
    seen.push(newest?.seq);
    // Asleep here, while the others go on so far that number 2 is removed.
    if (seen.length === 1) await appendMany(other, "other", 150);
    return draft("zombie");
  });
  expect(await numbers()).toContain(2);
  expect(seen).toEqual([1, 151]);
  expect(entry?.seq).toBe(152);
  expect((await open().newest())?.id).toBe(entry?.id);
  await appendMany(other, "other", 16);
  expect(await numbers(), "what it left is removed").not.toContain(2);
});

test("a writer that finds its number taken asks again, and may then give up", async () => {
  const [one, two] = [open(), open()];
  const seen: (number | undefined)[] = [];
  const entry = await one.append("one", async (newest) => {
    seen.push(newest?.seq);
    if (seen.length > 1) return null;
    await appendMany(two, "two", 1);
    return draft("one");
  });
  expect(entry).toBeNull();
  expect(seen).toEqual([undefined, 1]);
  expect((await open().newest())?.owner).toBe("two");
  expect(await readdir(join(directory, "staging"))).toEqual([]);
});

test("many writers at once: every entry follows the one before", async () => {
  await Promise.all(["a", "b", "c", "d"].map((owner) => appendMany(open(), owner, 10)));
  expect((await numbers()).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
});
