import { describe, expect, it } from "vitest";
import { snowline } from "./captured-shell.ts";
import { folder, pipelineYaml } from "./manifests.ts";

describe("snowline validate", () => {
  it("passes what is right", async () => {
    await using files = await folder({ "orders.yaml": pipelineYaml() });
    expect(await snowline(["validate", files.file("orders.yaml")])).toEqual({
      code: 0,
      stdout: "valid: 1 pipeline\n",
      stderr: "",
    });
  });

  it("shows all problems of all files at once, each with file, line, column, field and what to do", async () => {
    await using files = await folder({
      "fields.yaml": pipelineYaml({ name: "fields", sink: "{ duckdb: { path: x.duckdb, tabel: orders } }" }),
      "sql.yaml": pipelineYaml({ name: "sql", sql: "SELECT id,\n  amuont * 2 AS doubled\nFROM source" }),
      "types.yaml": pipelineYaml({
        name: "types",
        source: "{ files: { paths: [a], format: { json: { columns: { id: VARCHA } } } } }",
      }),
      "yaml.yaml": "kind: [",
    });
    const names = ["fields.yaml", "sql.yaml", "types.yaml", "yaml.yaml", "none.yaml"].map((name) => files.file(name));
    const { code, stdout } = await snowline(["validate", ...names]);
    expect(code).toBe(1);
    const lines = stdout.replaceAll(`${files.path}/`, "").trimEnd().split("\n");
    expect(lines).toContainEqual(expect.stringMatching(/^fields\.yaml:9:\d+: spec\.sink\.duckdb\.tabel: .*did you mean table\?/));
    expect(lines).toContainEqual("sql.yaml:9:9: spec.transform.sql: there is no column amuont; did you mean amount?");
    expect(lines).toContainEqual(
      expect.stringMatching(/^types\.yaml:5:\d+: spec\.source\.files\.format\.json\.columns\.id: .*VARCHAR/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^yaml\.yaml:\d+:\d+: wrong YAML/));
    expect(lines).toContainEqual(expect.stringMatching(/^none\.yaml:1:1: cannot be read: there is no such file$/));
    expect(lines.at(-1)).toBe(`${lines.length - 1} problems`);
  });

  it("says in a sentence that a directory is no file", async () => {
    await using files = await folder({});
    expect((await snowline(["validate", files.path])).stdout).toBe(
      `${files.path}:1:1: cannot be read: it is a directory: name the files in it, such as *.yaml\n1 problem\n`,
    );
  });

  it("checks columns and SQL also where another field is wrong", async () => {
    const format = "{ json: { columns: { id: VARCHAR, amount: INTEGER } } }";
    const wrong = (sql: string, columns = format) =>
      pipelineYaml({ source: `{ kafka: { topic: [a], format: ${columns} } }`, sql, sink: "{ duckdb: { path: x.duckdb } }" });
    await using files = await folder({
      "sql.yaml": wrong("SELECT idd FROM source"),
      "types.yaml": wrong("SELECT id FROM source", "{ json: { columns: { id: VARCHA } } }"),
      "format.yaml": wrong("SELECT idd FROM source", "{ jso: {} }"),
    });
    const validated = async (name: string) => (await snowline(["validate", files.file(name)])).stdout;
    const sql = await validated("sql.yaml");
    expect(sql).toContain("spec.source.kafka.topic: unknown field: did you mean topics?");
    expect(sql).toContain("spec.sink.duckdb.table: is required");
    expect(sql).toMatch(/sql\.yaml:8:\d+: spec\.transform\.sql: .*did you mean id\?/);
    expect(await validated("types.yaml")).toContain("did you mean VARCHAR?");
    expect(await validated("format.yaml")).not.toContain("spec.transform.sql");
  });

  it("shows warnings and passes: SQL that works on each batch apart", async () => {
    await using files = await folder({
      "counts.yaml": pipelineYaml({ sql: "SELECT id, count(*) AS n FROM source GROUP BY id" }),
    });
    const { code, stdout } = await snowline(["validate", files.file("counts.yaml")]);
    expect(code).toBe(0);
    expect(stdout).toContain("counts.yaml:7:5: spec.transform.sql: the SQL is per batch");
    expect(stdout).toContain("valid: 1 pipeline; 1 warning");
  });

  it("writes JSON for machines", async () => {
    await using files = await folder({ "sql.yaml": pipelineYaml({ sql: "SELECT idd FROM source" }) });
    const { code, stdout } = await snowline(["validate", files.file("sql.yaml"), "--output", "json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      valid: false,
      problems: [
        {
          file: files.file("sql.yaml"),
          line: 8,
          column: expect.any(Number),
          path: "spec.transform.sql",
          message: expect.stringContaining("did you mean id?"),
        },
      ],
      warnings: [],
    });
  });

  it("reads standard input, and says where it cannot be read", async () => {
    expect(await snowline(["validate", "-"], { stdin: pipelineYaml() })).toMatchObject({
      code: 0,
      stdout: "valid: 1 pipeline\n",
    });
    expect((await snowline(["validate", "-"], { stdin: pipelineYaml({ sql: "SELECT idd FROM source" }) })).stdout).toMatch(
      /^-:8:\d+: spec.transform.sql/,
    );
    expect(await snowline(["validate", "-", "x.yaml"])).toMatchObject({ code: 2 });
  });

  it("does not ask for Connections that live elsewhere, but checks them where some are given", async () => {
    const source = "{ kafka: { connection: events, topics: [a], format: { json: {} } } }";
    const connection =
      'apiVersion: snowline.dev/v1alpha1\nkind: Connection\nmetadata: { name: event }\nspec: { kafka: { brokers: ["a:1"] } }\n';
    await using files = await folder({
      "a.yaml": pipelineYaml({ source, sql: "SELECT * FROM source" }),
      "connection.yaml": connection,
    });
    expect(await snowline(["validate", files.file("a.yaml")])).toMatchObject({
      code: 0,
      stdout: "note: connections are not among the files: events\nvalid: 1 pipeline\n",
    });
    const { code, stdout } = await snowline(["validate", files.file("a.yaml"), files.file("connection.yaml")]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/a\.yaml:5:\d+: spec\.source\.kafka\.connection: .*did you mean event\?/);
  });

  it("fails where there is nothing to check", async () => {
    await using files = await folder({ "other.yaml": "apiVersion: v1\nkind: Secret\nmetadata: { name: x }\n" });
    expect(await snowline(["validate", files.file("other.yaml")])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("nothing to check"),
    });
  });
});
