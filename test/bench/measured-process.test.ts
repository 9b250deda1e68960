import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { measure } from "./measured-process.ts";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "snowline-measured-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const node = (code: string) => ({ command: [process.execPath, "-e", code], directory, timeoutMs: 20_000 });

test("a process's own account of its CPU time and its memory is what is measured", async () => {
  const usage = await measure(
    node(`
      const block = Buffer.alloc(150e6, 1);
      while (process.cpuUsage().user < 400e3) block.fill(2);
      const { user, system } = process.cpuUsage();
      require("node:fs").writeFileSync("own", String((user + system) / 1e6));
      setTimeout(() => {}, 200);
    `),
  );
  const own = Number(await readFile(join(directory, "own"), "utf8"));
  expect(usage.cpuSeconds).toBeGreaterThanOrEqual(own - 0.02);
  expect(usage.cpuSeconds).toBeLessThan(own + 0.5);
  expect(usage.peakBytes).toBeGreaterThan(150e6);
  expect(usage.wallSeconds).toBeGreaterThan(0.2);
});

test("a process that waits uses hardly any CPU time", async () => {
  const { cpuSeconds, wallSeconds } = await measure(node("setTimeout(() => {}, 600)"));
  expect(cpuSeconds).toBeLessThan(wallSeconds / 2);
});

test("a process that fails throws with its last output", async () => {
  await expect(measure(node('console.error("no broker"); process.exit(3)'))).rejects.toThrow(/ended with 3\nno broker/);
});

test("a process that does not end is killed with what it started", async () => {
  await expect(measure({ ...node("setInterval(() => {}, 1000)"), timeoutMs: 300 })).rejects.toThrow(/ended with a signal/);
});
