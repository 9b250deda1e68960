import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningWarehouse } from "../../../warehouse/start-warehouse.ts";
import { password, signedIn, startedWarehouse } from "../started-warehouse.ts";
import { WireClient } from "../wire-client.ts";

const hourMs = 3_600_000;

describe("a session", () => {
  let server: RunningWarehouse;
  beforeAll(async () => {
    server = await startedWarehouse();
  });
  afterAll(() => server.stop());
  const login = (data: Readonly<Record<string, unknown>> = {}, query: Readonly<Record<string, string>> = {}) =>
    new WireClient(server.url).login({ LOGIN_NAME: "ann", PASSWORD: password, ...data }, query);

  it("begins in the database, schema, role and warehouse that the client asks for, as far as they are there", async () => {
    expect(
      await login({ SESSION_PARAMETERS: { query_tag: "mine" } }, { databaseName: "db", warehouse: "compute_wh" }),
    ).toMatchObject({
      success: true,
      data: {
        validityInSeconds: 3600,
        masterValidityInSeconds: 14_400,
        sessionInfo: { databaseName: "DB", schemaName: "PUBLIC", warehouseName: "COMPUTE_WH", roleName: "ACCOUNTADMIN" },
        parameters: expect.arrayContaining([
          { name: "QUERY_TAG", value: "mine" },
          { name: "AUTOCOMMIT", value: true },
          { name: "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", value: 65_280 },
        ]),
      },
    });
    expect((await login({}, { databaseName: "NOWHERE", warehouse: "NONE" })).data["sessionInfo"]).toMatchObject({
      databaseName: null,
      schemaName: null,
      warehouseName: null,
    });
    expect((await login({}, { databaseName: '"db"' })).data["sessionInfo"]).toMatchObject({ databaseName: null });
  });

  it("is refused with Snowflake's codes", async () => {
    expect(await login({ PASSWORD: "wrong" })).toMatchObject({ success: false, code: "390100" });
    expect(await login({ AUTHENTICATOR: "EXTERNALBROWSER" })).toMatchObject({ success: false, code: "390150" });
    expect(await login({}, { roleName: "NO_SUCH_ROLE" })).toMatchObject({ success: false, code: "390189" });
  });

  it("is told to renew its token after an hour, and goes on with the new one", async () => {
    const client = await signedIn(server);
    await client.rows("CREATE TEMPORARY TABLE still_there (a INT)");
    const old = client.token;
    server.clock.advance(hourMs);
    expect(await client.run("SELECT 1")).toMatchObject({ success: false, code: "390112" });
    expect(await client.renew()).toMatchObject({
      success: true,
      data: { validityInSecondsST: 3600, validityInSecondsMT: 14_400 },
    });
    expect(await client.rows("SELECT COUNT(*) FROM still_there")).toEqual([["0"]]);
    client.token = old;
    expect(await client.run("SELECT 1")).toMatchObject({ success: false, code: "390104" });
  });

  it("ends after four hours without a sign of life", async () => {
    const client = await signedIn(server);
    server.clock.advance(4 * hourMs);
    expect(await client.renew()).toMatchObject({ success: false, code: "390114" });
    expect(await client.run("SELECT 1")).toMatchObject({ success: false, code: "390111" });
  });

  it("lives on while its client sends heartbeats", async () => {
    const client = await signedIn(server);
    for (let hour = 0; hour < 6; hour++) {
      server.clock.advance(hourMs - 1000);
      expect(await client.post("/session/heartbeat", {})).toMatchObject({ success: true });
      expect(await client.renew()).toMatchObject({ success: true });
    }
    expect(await client.rows("SELECT 1")).toEqual([["1"]]);
  });

  it("is gone after it was deleted, and what ran in it is cancelled", async () => {
    const client = await signedIn(server);
    const running = client.run("SELECT SYSTEM$WAIT(60)");
    await expect.poll(() => server.account.queries.running().length).toBe(1);
    expect(await client.post("/session?delete=true", {})).toMatchObject({ success: true });
    expect(await running).toMatchObject({ success: false, code: "390111" });
    expect(await client.run("SELECT 1")).toMatchObject({ success: false, code: "390111" });
    expect(await client.post("/session/heartbeat", {})).toMatchObject({ success: false, code: "390111" });
  });

  it("that never was is another error than one that is gone", async () => {
    const client = new WireClient(server.url);
    client.token = "made up";
    expect(await client.run("SELECT 1")).toMatchObject({ success: false, code: "390104" });
    expect(await client.renew()).toMatchObject({ success: false, code: "390115" });
  });

  it("is rolled back where its client ends it, and keeps its transaction's locks where it is lost", async () => {
    const onlooker = await signedIn(server);
    await onlooker.rows("CREATE OR REPLACE TABLE locked (a INT)");
    await onlooker.rows("INSERT INTO locked VALUES (1)");
    const update = async () => {
      const client = await signedIn(server);
      await client.rows("BEGIN");
      await client.rows("UPDATE locked SET a = a + 1");
      return client;
    };
    await (await update()).post("/session?delete=true", {});
    await onlooker.rows("ALTER SESSION SET LOCK_TIMEOUT = 1");
    await onlooker.rows("UPDATE locked SET a = a + 10");
    expect(await onlooker.rows("SELECT a FROM locked")).toEqual([["11"]]);
    server.account.faults.add({ action: { kind: "sessionGone" }, sql: "now it is gone" });
    const lost = await update();
    expect(await lost.run("SELECT 'now it is gone'")).toMatchObject({ code: "390111" });
    expect(await onlooker.run("UPDATE locked SET a = a + 10")).toMatchObject({ success: false, code: "000625" });
    const [open] = await server.account.transactions.list();
    await server.account.transactions.abort(open!.id);
    await onlooker.rows("UPDATE locked SET a = a + 10");
    expect(await onlooker.rows("SELECT a FROM locked")).toEqual([["21"]]);
  });
});
