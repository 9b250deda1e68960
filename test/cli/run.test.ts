import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { snowline } from "./captured-shell.ts";
import { folder, pipelineYaml } from "./manifests.ts";
import { spawnSnowline } from "./spawned.ts";

const lines = (...amounts: readonly (number | string)[]): string =>
  amounts.map((amount, at) => `${JSON.stringify({ id: `o${at}`, amount })}\n`).join("");

async function query(path: string, sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

describe("snowline run", () => {
  it("loads files, sums up what it did and why records were rejected, and loads nothing twice", async () => {
    await using files = await folder({
      "orders.yaml": pipelineYaml(),
      "orders.jsonl": `${lines(1, 2, "lots", "many")}{"id":"cut\n`,
    });
    const first = await snowline(["run", files.file("orders.yaml"), "--metrics-file", files.file("metrics.prom")], {
      directory: files.path,
    });
    expect(first.code).toBe(0);
    expect(first.stderr).toContain("orders: orders.jsonl → table main.orders\n");
    expect(first.stderr).toMatch(/metrics at http:\/\/127\.0\.0\.1:\d+\/metrics while it runs/);
    expect(first.stderr).not.toContain("records rejected");
    expect(first.stdout.replace(/in [\d.]+ s/, "in 1 s")).toBe(`orders: loaded 2 rows into table main.orders in 1 s

  records read  5
  rows loaded   2
  rejected      3
                2  amount: a string does not fit DECIMAL(10,2)
                1  not JSON: the value ends inside a string at byte 10 of the value
  lag           0  records not loaded yet

  database      orders.duckdb
  dead letters  dead
  metrics       metrics.prom
`);
    expect(await query(files.file("orders.duckdb"), "FROM orders ORDER BY id")).toEqual([
      ["o0", "2.00"],
      ["o1", "4.00"],
    ]);
    expect(await readFile(files.file("metrics.prom"), "utf8")).toContain("snowline_rows_loaded_total 2\n");
    expect(await readdir(files.file("dead"))).toHaveLength(1);

    const second = await snowline(["run", files.file("orders.yaml")], { directory: files.path });
    expect(second).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^orders: nothing new: everything in the source was loaded before, and nothing was loaded twice\n/,
      ),
    });
    expect(await query(files.file("orders.duckdb"), "SELECT count(*) FROM orders")).toEqual([["2"]]);

    await writeFile(files.file("orders.jsonl"), lines(1, 2, 3, 4, 5, 6, 7));
    const changed = await snowline(["run", files.file("orders.yaml")], { directory: files.path });
    expect(changed.stderr.match(/^.* warn .*$/gm)).toEqual([expect.stringContaining("a file changed after it was loaded")]);
    expect(changed.stdout).toMatch(/^orders: loaded nothing new, and nothing twice\n/);
    expect(changed.stdout).toContain("\n  note: orders.jsonl: changed after it was loaded");
  });

  it("stops at the first bad record where deadLetter says so, with a sentence and exit code 1", async () => {
    await using files = await folder({
      "orders.yaml": pipelineYaml({ deadLetter: "{ stop: {} }" }),
      "orders.jsonl": lines(1, "lots"),
    });
    const { code, stdout, stderr } = await snowline(["run", files.file("orders.yaml")]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^snowline: orders: stopped: orders\.jsonl\/0 offset 1: amount: /m);
    expect(stderr).not.toContain("    at ");
    expect(stderr.match(/offset 1: amount: /g)).toHaveLength(1);
    const asked = await snowline(["run", files.file("orders.yaml"), "--log-level", "info"]);
    expect(asked.stderr).toContain("pipeline stopped");
  });

  it("says what is missing in a sentence; the stack only with --log-level debug", async () => {
    await using files = await folder({
      "orders.yaml": pipelineYaml(),
      "wrong.yaml": pipelineYaml({ sql: "SELECT idd FROM source" }),
    });
    const missing = await snowline(["run", files.file("orders.yaml")]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain("no file matches orders.jsonl");
    expect(missing.stderr).not.toContain("    at ");
    expect(await snowline(["run", files.file("wrong.yaml")])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/wrong\.yaml:8:\d+: spec\.transform\.sql.*did you mean id\?/),
    });
    expect(await snowline(["run", files.file("orders.yaml"), "--pipeline", "zzz"])).toMatchObject({
      code: 2,
      stderr: 'snowline: there is no pipeline "zzz" in the given files; they have "orders"\n',
    });
    expect((await snowline(["run", files.file("none.yaml")])).stderr).toMatch(/none\.yaml:1:1: cannot be read/);
    expect((await snowline(["run", files.file("none.yaml"), "--log-level", "debug"])).stderr).toMatch(
      /CommandError: [^]*\n {4}at /,
    );
  });

  it("wants the Connections, and says where it looks for their secrets", async () => {
    const source = "{ kafka: { connection: events, topics: [a], format: { json: {} } } }";
    const tls = "{ caFrom: { secret: kafka-ca, key: ca.crt } }";
    const connection = `apiVersion: snowline.dev/v1alpha1\nkind: Connection\nmetadata: { name: events }\nspec: { kafka: { brokers: ["127.0.0.1:1"], tls: ${tls} } }\n`;
    await using files = await folder({
      "a.yaml": pipelineYaml({ source, sql: "SELECT * FROM source" }),
      "events.yaml": connection,
    });
    const alone = await snowline(["run", files.file("a.yaml")]);
    expect(alone).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/a\.yaml:5:\d+: spec\.source\.kafka\.connection: there is no Connection "events"/),
    });
    const secretless = await snowline([
      "run",
      files.file("a.yaml"),
      files.file("events.yaml"),
      "--secrets",
      files.file("secrets"),
    ]);
    expect(secretless.code).toBe(1);
    expect(secretless.stderr).toContain(
      `secret kafka-ca, key ca.crt: the file ${files.file("secrets/kafka-ca/ca.crt")} is not there`,
    );
  });
});

describe("snowline run as a process", () => {
  it("picks up new files, serves metrics, drains at the first signal, and goes on where it stopped", async () => {
    const source =
      '{ files: { paths: ["*.jsonl"], pollSeconds: 1, format: { json: { columns: { id: VARCHAR, amount: "DECIMAL(10,2)" } } } } }';
    const sink = "{ duckdb: { path: orders.duckdb, table: orders, load: { everySeconds: 1 } } }";
    await using files = await folder({ "orders.yaml": pipelineYaml({ source, sink }), "a.jsonl": lines(1, 2) });
    await using run = spawnSnowline(["run", "orders.yaml"], files.path);
    const [, url] = await run.saw(/metrics at (http:\S+)/);
    const loaded = async (rows: number): Promise<void> => {
      for (;;) {
        const metrics = await (await fetch(url!)).text();
        if (metrics.includes(`\nsnowline_rows_loaded_total ${rows}\n`)) return;
        await setTimeout(100);
      }
    };
    await loaded(2);
    await writeFile(files.file("b.jsonl"), lines(3, 4, 5));
    await loaded(5);
    run.child.kill("SIGINT");
    expect(await run.ended()).toBe(0);
    expect(run.stdout()).toMatch(/^orders: loaded 5 rows into table main\.orders/);
    await using again = spawnSnowline(["run", "orders.yaml", "--until-caught-up"], files.path);
    expect(await again.ended()).toBe(0);
    expect(again.stdout()).toContain("nothing was loaded twice");
  });

  it("says that a lookup was not refreshed where reading it failed", async () => {
    const source = '{ files: { paths: ["*.jsonl"], pollSeconds: 1, format: { json: { columns: { id: VARCHAR } } } } }';
    const lookups =
      "{ names: { refreshSeconds: 1, file: { path: names.json, type: json, columns: { id: VARCHAR, name: VARCHAR } } } }";
    const sql = "SELECT id, name FROM source LEFT JOIN names USING (id)";
    await using files = await folder({
      "orders.yaml": pipelineYaml({ source, lookups, sql }),
      "names.json": '{"id":"o0","name":"Ada"}\n',
    });
    await using run = spawnSnowline(["run", "orders.yaml"], files.path);
    await run.saw(/metrics at/);
    await rm(files.file("names.json"));
    await writeFile(files.file("a.jsonl"), lines(1));
    await run.saw(/warn {2}lookup not refreshed .*names/);
    expect(run.stderr()).not.toContain("lookup refreshed");
  });

  it("says why it waits, and ends at a signal while it does", async () => {
    const source = "{ kafka: { connection: events, topics: [a], format: { json: {} } } }";
    const connection =
      'apiVersion: snowline.dev/v1alpha1\nkind: Connection\nmetadata: { name: events }\nspec: { kafka: { brokers: ["127.0.0.1:1"] } }\n';
    await using files = await folder({
      "a.yaml": pipelineYaml({ source, sql: "SELECT * FROM source" }),
      "events.yaml": connection,
    });
    await using run = spawnSnowline(["run", "a.yaml", "events.yaml"], files.path);
    await run.saw(/not connected .*ECONNREFUSED/);
    run.child.kill("SIGTERM");
    expect(await run.ended()).toBe(0);
    expect(run.stdout()).toMatch(/^orders: stopped before anything was read: source: .*ECONNREFUSED/);
  });
});

describe("snowline replay", () => {
  it("loads the letters once the manifest is corrected, and no letter twice", async () => {
    await using files = await folder({ "orders.yaml": pipelineYaml(), "orders.jsonl": lines(1, "2 EUR", "lots") });
    const replay = () => snowline(["replay", files.file("orders.yaml")], { directory: files.path });
    expect((await replay()).stderr).toContain("there is nothing to replay");
    await snowline(["run", files.file("orders.yaml")]);
    const source = "{ files: { paths: [orders.jsonl], format: { json: { columns: { id: VARCHAR, amount: VARCHAR } } } } }";
    await writeFile(
      files.file("orders.yaml"),
      pipelineYaml({ source, sql: "SELECT id, CAST(split_part(amount, ' ', 1) AS DECIMAL(10,2)) * 2 AS doubled FROM source" }),
    );
    const replayed = await replay();
    expect(replayed.stderr).toContain("orders: dead letters in dead → table main.orders");
    expect(replayed.code).toBe(0);
    expect(replayed.stdout).toMatch(/ {2}rows loaded {3}1\n {2}rejected {6}1\n/);
    expect(await query(files.file("orders.duckdb"), "FROM orders ORDER BY id")).toEqual([
      ["o0", "2.00"],
      ["o1", "4.00"],
    ]);
    // The letter that was refused again is the only one left.
    expect((await replay()).stdout).toMatch(/ {2}records read {2}1\n {2}rows loaded {3}0\n {2}rejected {6}1\n/);
    expect(await query(files.file("orders.duckdb"), "SELECT count(*) FROM orders")).toEqual([["2"]]);
  });

  it("says so where a pipeline has no letters", async () => {
    await using files = await folder({ "orders.yaml": pipelineYaml({ deadLetter: "{ stop: {} }" }) });
    expect(await snowline(["replay", files.file("orders.yaml")])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("deadLetter is stop, so there are no letters to replay"),
    });
  });
});
