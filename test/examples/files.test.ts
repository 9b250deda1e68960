import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { snowline } from "../cli/captured-shell.ts";
import { exampleFolder } from "./example-folder.ts";

const directory = fileURLToPath(new URL("../../examples/", import.meta.url));
const manifests = (await readdir(directory)).filter((name) => name.endsWith(".yaml") && !name.endsWith(".test.yaml"));
/** Files that hold a Connection and no Pipeline. */
const connections = ["kafka.yaml", "warehouse.yaml"];

/** The first row of a query on a database. */
async function answer(path: string, sql: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows[0] ?? [];
}

describe("examples", () => {
  it("are valid, all together, without a warning", async () => {
    const { code, stdout } = await snowline(["validate", ...manifests.map((name) => directory + name)]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `valid: ${manifests.length - 2} pipelines, 2 connections\n` });
  });

  it.each(manifests.filter((name) => !connections.includes(name)))("%s passes its own cases", async (name) => {
    const { code, stdout } = await snowline(["test", directory + name]);
    expect(stdout).toMatch(/\d+ cases? passed\n$/);
    expect(code).toBe(0);
  });

  it.each([
    {
      name: "weather",
      rows: 1461,
      rejected: 0,
      sql: "SELECT count(*), count(DISTINCT day), count(*) FILTER (WHERE frost) FROM weather",
      expected: ["1461", "1461", "72"],
    },
    {
      name: "flights",
      rows: 1034,
      rejected: 0,
      sql: "SELECT count(*), count(departed_from), min(delay_minutes) FROM late_flights",
      expected: ["1034", "1034", "15"],
    },
    {
      name: "order-status",
      rows: 40,
      rejected: 2,
      sql: "SELECT count(*), count(DISTINCT order_id), count(*) FILTER (WHERE status = 'cancelled') FROM order_status",
      expected: ["40", "40", "4"],
    },
  ])(
    "$name.yaml loads $rows rows from files, rejects $rejected, and loads nothing twice",
    async ({ name, rows, rejected, sql, expected }) => {
      await using examples = await exampleFolder();
      const first = await snowline(["run", examples.file(`${name}.yaml`)]);
      expect(first.code).toBe(0);
      expect(first.stdout).toContain(`loaded ${rows.toLocaleString("en-US")} rows into table`);
      expect(first.stdout).toMatch(new RegExp(`^ {2}rejected +${rejected}$`, "m"));
      const path = examples.file(`.snowline/${name}.duckdb`);
      expect(await answer(path, sql)).toEqual(expected);
      expect((await snowline(["run", examples.file(`${name}.yaml`)])).stdout).toContain("nothing was loaded twice");
      expect(await answer(path, sql)).toEqual(expected);
    },
  );
});
