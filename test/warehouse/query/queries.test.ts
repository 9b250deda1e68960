import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RunningWarehouse } from "../../../warehouse/start-warehouse.ts";
import { signedIn, startedWarehouse } from "../started-warehouse.ts";
import type { WireClient } from "../wire-client.ts";

const longPollMs = 200;

describe("a query request", () => {
  let server: RunningWarehouse;
  let client: WireClient;
  beforeAll(async () => {
    server = await startedWarehouse({ longPollMs });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    server.account.faults.clear();
    client = await signedIn(server);
    await client.rows("CREATE OR REPLACE TABLE t (a INT, b VARCHAR)");
  });
  const count = async () => (await client.rows("SELECT COUNT(*) FROM t"))[0]![0];

  it("is answered with rows, their types and where the session is now", async () => {
    expect(await client.run("SELECT 1 AS a, 'x' AS b, NULL::DATE AS c")).toMatchObject({
      success: true,
      code: null,
      data: {
        rowtype: [
          { name: "A", type: "fixed", scale: 0 },
          { name: "B", type: "text" },
          { name: "C", type: "date" },
        ],
        rowset: [["1", "x", null]],
        total: 1,
        returned: 1,
        queryResultFormat: "json",
        finalDatabaseName: "DB",
        finalSchemaName: "PUBLIC",
        finalWarehouseName: "COMPUTE_WH",
        finalRoleName: "ACCOUNTADMIN",
        sqlState: "00000",
      },
    });
  });

  it("that fails says code, SQL state and query id, and the session goes on", async () => {
    expect(await client.run("SELECT nothing FROM nowhere")).toMatchObject({
      success: false,
      code: "002003",
      data: { errorCode: "002003", sqlState: "42S02", queryId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    expect(await client.rows("SELECT 1")).toEqual([["1"]]);
  });

  it("runs once, however often it is sent with the same requestId", async () => {
    const requestId = randomUUID();
    const first = await client.run("INSERT INTO t VALUES (1, 'x')", { requestId });
    const again = await client.run("INSERT INTO t VALUES (1, 'x')", { requestId });
    expect(again.data.queryId).toBe(first.data.queryId);
    expect(again.data.rowset).toEqual([["1"]]);
    expect(await count()).toBe("1");
    await client.run("INSERT INTO t VALUES (1, 'x')");
    expect(await count()).toBe("2");
  });

  it("runs once though it is sent again while it runs", async () => {
    const requestId = randomUUID();
    const first = client.run("SELECT SYSTEM$WAIT(1)", { requestId });
    await expect.poll(() => server.account.queries.running().length).toBe(1);
    const again = client.run("SELECT SYSTEM$WAIT(1)", { requestId });
    expect((await again).data.queryId).toBe((await first).data.queryId);
  });

  it("whose answer was lost after it took effect gives the same answer when it is sent again", async () => {
    server.account.faults.add({ action: { kind: "dropAfter" }, sql: "^INSERT" });
    const requestId = randomUUID();
    await expect(client.send("INSERT INTO t VALUES (1, 'x')", { requestId })).rejects.toThrow("fetch failed");
    expect(await count()).toBe("1");
    expect(await client.rows("INSERT INTO t VALUES (1, 'x')", { requestId })).toEqual([["1"]]);
    expect(await count()).toBe("1");
  });

  it("that was lost before it took effect has none", async () => {
    server.account.faults.add({ action: { kind: "dropBefore" }, sql: "^INSERT" });
    await expect(client.send("INSERT INTO t VALUES (1, 'x')")).rejects.toThrow("fetch failed");
    expect(await count()).toBe("0");
  });

  it("is in progress after a while, and its result waits under its address", async () => {
    const started = await client.send("SELECT SYSTEM$WAIT(1)");
    expect(started).toMatchObject({
      success: true,
      code: "333333",
      data: { getResultUrl: `/queries/${started.data.queryId}/result` },
    });
    const asked = performance.now();
    expect(await client.get(started.data.getResultUrl!)).toMatchObject({ code: "333333" });
    expect(performance.now() - asked).toBeGreaterThan(longPollMs - 10);
    let answer = started;
    while (answer.code === "333333") answer = await client.get(started.data.getResultUrl!);
    expect(answer.data.rowset).toEqual([["waited 1 seconds"]]);
  });

  it("may be asynchronous: it says its id at once, can be watched, and gives its result later", async () => {
    const started = await client.send("SELECT SYSTEM$WAIT(1)", { asyncExec: true });
    expect(started).toMatchObject({ success: true, code: "333334" });
    const status = async () => {
      const { data } = await client.get(`/monitoring/queries/${started.data.queryId}`);
      return (data["queries"] as readonly { readonly status: string }[])[0]!.status;
    };
    expect(await status()).toBe("RUNNING");
    await expect.poll(status, { timeout: 5_000 }).toBe("SUCCESS");
    expect((await client.get(started.data.getResultUrl!)).data.rowset).toEqual([["waited 1 seconds"]]);
    const failed = await client.send("SELECT nothing FROM nowhere", { asyncExec: true });
    await expect
      .poll(async () => (await client.get(`/monitoring/queries/${failed.data.queryId}`)).data["queries"])
      .toMatchObject([{ status: "FAILED_WITH_ERROR", errorCode: "002003" }]);
    expect(await client.get(failed.data.getResultUrl!)).toMatchObject({ success: false, code: "002003" });
  });

  it("is cancelled by its requestId, by its query id, and by SYSTEM$CANCEL_QUERY", async () => {
    const requestId = randomUUID();
    const byRequest = client.run("SELECT SYSTEM$WAIT(60)", { requestId });
    await expect.poll(() => server.account.queries.running().length).toBe(1);
    await client.post("/queries/v1/abort-request?requestId=other", { requestId });
    expect(await byRequest).toMatchObject({ success: false, code: "000604", data: { sqlState: "57014" } });
    for (const cancel of [
      (id: string) => client.post(`/queries/${id}/abort-request`, {}),
      async (id: string) => client.run(`SELECT SYSTEM$CANCEL_QUERY('${id}')`),
    ]) {
      const { data } = await client.send("SELECT SYSTEM$WAIT(60)", { asyncExec: true });
      await cancel(data.queryId!);
      let answer = await client.get(data.getResultUrl!);
      while (answer.code === "333333") answer = await client.get(data.getResultUrl!);
      expect(answer).toMatchObject({ success: false, code: "000604" });
    }
    expect(await client.rows("SELECT 1")).toEqual([["1"]]);
  });

  it("ends at its statement timeout", async () => {
    await client.rows("ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 1");
    expect(await client.run("SELECT SYSTEM$WAIT(60)")).toMatchObject({ success: false, code: "000630" });
    expect(await client.run("SELECT SYSTEM$WAIT(60)", { parameters: { STATEMENT_TIMEOUT_IN_SECONDS: 1 } })).toMatchObject({
      code: "000630",
    });
  });

  it("with several statements runs them in order, each with an id and a result of its own", async () => {
    const answer = await client.run("INSERT INTO t VALUES (1, ';'); -- one;\nSELECT a, b FROM t;", {
      parameters: { MULTI_STATEMENT_COUNT: 2 },
    });
    expect(answer).toMatchObject({ success: true, data: { statementTypeId: 40_960 } });
    const [first, second] = String(answer.data["resultIds"]).split(",");
    expect((await client.get(`/queries/${first}/result`)).data.rowset).toEqual([["1"]]);
    expect((await client.get(`/queries/${second}/result`)).data.rowset).toEqual([["1", ";"]]);
  });

  it("with several statements stops at the one that fails, and wants their number said", async () => {
    const texts = "INSERT INTO t VALUES (1, 'x'); SELECT nothing FROM nowhere; INSERT INTO t VALUES (2, 'y')";
    expect(await client.run(texts)).toMatchObject({ success: false, code: "000008" });
    expect(await client.run(texts, { parameters: { MULTI_STATEMENT_COUNT: 2 } })).toMatchObject({ code: "000008" });
    expect(await count()).toBe("0");
    expect(await client.run(texts, { parameters: { MULTI_STATEMENT_COUNT: 0 } })).toMatchObject({
      success: false,
      code: "002003",
    });
    expect(await count()).toBe("1");
  });

  it("that only asks for the columns changes nothing", async () => {
    expect(await client.run("SELECT a, b FROM t WHERE a = ?", { describeOnly: true })).toMatchObject({
      success: true,
      data: { rowtype: [{ name: "A" }, { name: "B" }], rowset: [], numberOfBinds: 1 },
    });
    expect(await client.run("INSERT INTO t VALUES (?, '?')", { describeOnly: true })).toMatchObject({
      data: { numberOfBinds: 1, arrayBindSupported: true },
    });
    expect(await count()).toBe("0");
  });

  it("takes binds, and lists of them", async () => {
    const bindings = { 1: { type: "FIXED", value: ["1", "2", null] }, 2: { type: "TEXT", value: ["x", null, "z"] } };
    expect(await client.rows("INSERT INTO t VALUES (?, ?)", { bindings })).toEqual([["3"]]);
    expect(await client.rows("SELECT a FROM t WHERE b = ?", { bindings: { 1: { type: "TEXT", value: "x" } } })).toEqual([["1"]]);
  });

  it("with a large result says where the rest of the rows is, to whoever has the key", async () => {
    const rows = 60_000;
    const answer = await client.run(
      `SELECT SEQ4() AS n, REPEAT('x', 100) AS t FROM TABLE(GENERATOR(ROWCOUNT => ${rows})) ORDER BY n`,
    );
    const chunks = answer.data["chunks"] as readonly { readonly url: string; readonly rowCount: number }[];
    const headers = answer.data["chunkHeaders"] as Readonly<Record<string, string>>;
    expect(answer.data["total"]).toBe(rows);
    const got = [...answer.data.rowset!];
    for (const { url, rowCount } of chunks) {
      expect((await fetch(url)).status).toBe(403);
      const chunk = JSON.parse(`[${await (await fetch(url, { headers })).text()}]`) as (string | null)[][];
      expect(chunk.length).toBe(rowCount);
      got.push(...chunk);
    }
    expect(got.map(([n]) => Number(n))).toEqual(Array.from({ length: rows }, (_none, at) => at));
  });

  it("leaves a record: text, tag, rows and how it ended, but not the values of its binds", async () => {
    const tagged = await signedIn(server, { QUERY_TAG: "tag of the session" });
    await tagged.rows("INSERT INTO t VALUES (?, ?)", {
      bindings: { 1: { type: "FIXED", value: "1" }, 2: { type: "TEXT", value: "a secret value" } },
      parameters: { QUERY_TAG: "tag of the statement" },
    });
    await tagged.run("SELECT nothing FROM nowhere");
    const [insert, failed] = server.account.queryHistory.list().slice(-2);
    expect(insert).toMatchObject({
      queryText: "INSERT INTO t VALUES (?, ?)",
      queryType: "INSERT",
      queryTag: "tag of the statement",
      userName: "ANN",
      roleName: "ACCOUNTADMIN",
      warehouseName: "COMPUTE_WH",
      warehouseSize: "X-Small",
      status: "SUCCESS",
      counts: { rowsInserted: 1 },
    });
    expect(failed).toMatchObject({ queryTag: "tag of the session", status: "FAILED_WITH_ERROR", errorCode: "2003" });
    expect(JSON.stringify(server.account.queryHistory.list())).not.toContain("a secret value");
  });

  it("wakes the warehouse only where it computes", async () => {
    server.clock.advance(3_600_000);
    const awake = await signedIn(server);
    server.account.meter.reset();
    for (const sql of ["SHOW TABLES", "DESCRIBE TABLE t", "BEGIN", "COMMIT", "CREATE TABLE IF NOT EXISTS t (a INT)", "SELECT 1"])
      await awake.rows(sql);
    expect(server.account.meter.list()).toMatchObject([{ state: "SUSPENDED", statements: 0, secondsBilled: 0 }]);
    await awake.rows("INSERT INTO t VALUES (1, 'x')");
    expect(server.account.meter.list()).toMatchObject([{ state: "STARTED", statements: 1, secondsBilled: 60 }]);
    await awake.rows("ALTER SESSION SET QUERY_TAG = 'x'");
    expect(server.account.meter.list()).toMatchObject([{ statements: 1 }]);
  });

  it("has no warehouse where the session has none", async () => {
    const client = await signedIn(server);
    await client.rows("CREATE OR REPLACE WAREHOUSE other");
    await client.rows("USE WAREHOUSE other");
    await client.rows("DROP WAREHOUSE other");
    expect(await client.run("SELECT * FROM t")).toMatchObject({ success: false, code: "000606", data: { sqlState: "57P03" } });
  });
});
