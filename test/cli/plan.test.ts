import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { snowline } from "./captured-shell.ts";
import { folder, pipelineYaml } from "./manifests.ts";

async function inDatabase(path: string, ...statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

describe("snowline plan", () => {
  it("shows source, columns with types, table and the statements it needs, and makes nothing", async () => {
    await using files = await folder({
      "orders.yaml": pipelineYaml({ sink: "{ duckdb: { path: orders.duckdb, schema: sales, table: orders } }" }),
    });
    const { code, stdout } = await snowline(["plan", files.file("orders.yaml")]);
    expect(code).toBe(0);
    expect(stdout).toBe(`orders: orders.jsonl → table sales.orders in ${files.file("orders.duckdb")}

Columns that come out:
  column   type
  ───────  ─────────────
  id       VARCHAR
  doubled  DECIMAL(18,2)

Rows are appended; schemaEvolution is none.
The database file is not there yet. Before the first load the sink would run:
  CREATE SCHEMA IF NOT EXISTS "sales";
  CREATE TABLE "sales"."orders" ("id" VARCHAR, "doubled" DECIMAL(18,2));
`);
    expect((await snowline(["plan", files.file("orders.yaml")])).stdout).toContain("The database file is not there yet");
  });

  it("compares with the table that is there: fits, is altered, or is refused with exit code 1", async () => {
    const sink = (evolution: string) => `{ duckdb: { path: orders.duckdb, table: orders, schemaEvolution: ${evolution} } }`;
    await using files = await folder({
      "none.yaml": pipelineYaml({ sink: sink("none") }),
      "add.yaml": pipelineYaml({ sink: sink("addColumns") }),
    });
    await inDatabase(
      files.file("orders.duckdb"),
      "CREATE TABLE orders (id VARCHAR, made TIMESTAMP DEFAULT now(), twice AS (id || id))",
    );
    const refused = await snowline(["plan", files.file("none.yaml")]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain("The table is there, and the rows do not fit:");
    expect(refused.stdout).toContain("column doubled is not in the table");
    const altered = await snowline(["plan", files.file("add.yaml")]);
    expect(altered).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('ALTER TABLE "main"."orders" ADD COLUMN "doubled" DECIMAL(18,2);'),
    });
    await inDatabase(files.file("orders.duckdb"), "ALTER TABLE orders ADD COLUMN doubled DECIMAL(18,2)");
    expect((await snowline(["plan", files.file("none.yaml")])).stdout).toContain(
      "The table is there and takes the rows as it is.",
    );
  });

  it("shows warnings, and problems like validate does", async () => {
    await using files = await folder({
      "warned.yaml": pipelineYaml({ sql: "SELECT DISTINCT id FROM source", sink: "{ files: { directory: out } }" }),
      "wrong.yaml": pipelineYaml({ sql: "SELECT idd FROM source" }),
    });
    const warned = await snowline(["plan", files.file("warned.yaml")]);
    expect(warned).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/warning .*warned\.yaml:7:5: spec\.transform\.sql: the SQL is per batch/),
    });
    expect(warned.stdout).toContain(`Parquet files in ${files.file("out")}/*.parquet`);
    expect(await snowline(["plan", files.file("wrong.yaml")])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^\/.*wrong\.yaml:8:\d+: spec\.transform\.sql/),
    });
  });

  it("wants one pipeline", async () => {
    await using files = await folder({ "two.yaml": `${pipelineYaml({ name: "one" })}---\n${pipelineYaml({ name: "two" })}` });
    const file = files.file("two.yaml");
    expect(await snowline(["plan", file])).toMatchObject({
      code: 2,
      stderr: "snowline: the files hold several pipelines: choose one with --pipeline: one, two\n",
    });
    expect(await snowline(["plan", file, "--pipeline", "tow"])).toMatchObject({
      code: 2,
      stderr: 'snowline: there is no pipeline "tow" in the given files; they have "one", "two"\n',
    });
    expect((await snowline(["plan", file, "--pipeline", "two"])).stdout).toMatch(/^two: /);
  });
});
