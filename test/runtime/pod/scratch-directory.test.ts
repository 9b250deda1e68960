import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { isProcessRunning, makeScratchDirectory } from "../../../runtime/pod/scratch-directory.ts";

test("what dead processes left is deleted, and what living ones or others have stays", async () => {
  const base = await mkdtemp(join(tmpdir(), "scratch-"));
  const own = { pid: 7, startMs: 2000.5, isRunning: (pid: number) => pid === 9 };
  const kept = ["else", "snowline-7-2000-second", "snowline-9-1000-alive"];
  for (const name of [...kept, "snowline-7-1000-former", "snowline-8-1000-dead"])
    await mkdir(join(base, name, "inside"), { recursive: true });
  const scratch = await makeScratchDirectory([base], own);
  expect((await readdir(base)).toSorted()).toEqual([...kept, basename(scratch.path)].toSorted());
  await scratch[Symbol.asyncDispose]();
  expect((await readdir(base)).toSorted()).toEqual(kept);
  await rm(base, { recursive: true });
});

test("a place that is not there is passed over", async () => {
  const base = await mkdtemp(join(tmpdir(), "scratch-"));
  await using scratch = await makeScratchDirectory([join(base, "nowhere"), base], {
    pid: process.pid,
    startMs: 1,
    isRunning: isProcessRunning,
  });
  expect(scratch.path.startsWith(base)).toBe(true);
  await rm(base, { recursive: true });
});

test("a process knows whether another one runs", () => {
  expect(isProcessRunning(process.pid)).toBe(true);
  expect(isProcessRunning(2 ** 22 + 1)).toBe(false);
});
