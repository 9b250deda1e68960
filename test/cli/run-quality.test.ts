import { readdir } from "node:fs/promises";
import { expect, it } from "vitest";
import { snowline } from "./captured-shell.ts";
import { folder, pipelineYaml } from "./manifests.ts";

const lines = (count: number, badEvery: number): string =>
  Array.from(
    { length: count },
    (_, at) => `${JSON.stringify({ id: `o${at}`, amount: at % badEvery === 0 ? "lots" : at })}\n`,
  ).join("");
const withQuality = (rejected: string): string => `${pipelineYaml()}  quality: { rejected: ${rejected} }\n`;

it("run stops above stopAbove, says why and what to do, writes neither rows nor letters, and stops there again", async () => {
  await using files = await folder({
    "orders.yaml": withQuality("{ stopAbove: 0.3, atLeastRecords: 50 }"),
    "orders.jsonl": lines(200, 2),
  });
  for (let start = 0; start < 2; start++) {
    const { code, stdout, stderr } = await snowline(["run", files.file("orders.yaml")], { directory: files.path });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("snowline: orders: stopped: rejected: 100 of 200 records (50.0 %) in the last 300 s");
    expect(stderr).toContain("orders.jsonl/0 offset 0: amount: a string does not fit DECIMAL(10,2)");
    expect(stderr).toContain("Correct the SQL or the declared columns; or raise stopAbove");
  }
  expect(await readdir(files.file("dead"))).toEqual([]);
});

it("run warns above warnAbove and goes on", async () => {
  await using files = await folder({
    "orders.yaml": withQuality("{ warnAbove: 0.1, stopAbove: 0.9, atLeastRecords: 50 }"),
    "orders.jsonl": lines(200, 4),
  });
  const { code, stdout, stderr } = await snowline(["run", files.file("orders.yaml")], { directory: files.path });
  expect(code).toBe(0);
  expect(stderr).toMatch(/warn +too many records rejected {2}records=200 rejected=50 overSeconds=300 warnAbove=0\.1/);
  expect(stdout).toContain("orders: loaded 150 rows");
});
