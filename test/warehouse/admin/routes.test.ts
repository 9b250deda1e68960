import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningWarehouse } from "../../../warehouse/start-warehouse.ts";
import { signedIn, startedWarehouse } from "../started-warehouse.ts";
import { WireClient } from "../wire-client.ts";

describe("the endpoints for tests", () => {
  let server: RunningWarehouse;
  beforeAll(async () => {
    server = await startedWarehouse();
  });
  afterAll(() => server.stop());
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${server.url}/__snowline/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() };
  };

  it("set faults, say how often they struck, and take them away", async () => {
    const client = await signedIn(server);
    const rule = { action: { kind: "answer", status: 429 }, sql: "42", count: null };
    expect(await ask("POST", "faults", [rule])).toEqual({ status: 200, body: [{ rule, struck: 0 }] });
    expect(await client.run("SELECT 42")).toEqual({ code: "429", message: "a fault on command" });
    expect(await client.rows("SELECT 41")).toEqual([["41"]]);
    expect(await ask("GET", "faults")).toMatchObject({ body: [{ struck: 1 }] });
    expect(await ask("DELETE", "faults")).toEqual({ status: 200, body: [] });
    expect(await client.rows("SELECT 42")).toEqual([["42"]]);
  });

  it("move the clock forward", async () => {
    const client = await signedIn(server);
    const before = server.clock.now();
    expect((await ask("POST", "clock", { advanceMs: 3_600_000 })).body).toMatchObject({ nowMs: expect.any(Number) });
    expect(server.clock.now() - before).toBeGreaterThanOrEqual(3_600_000);
    expect(await client.run("SELECT 1")).toMatchObject({ code: "390112" });
    expect(await ask("POST", "clock", {})).toMatchObject({ status: 400 });
  });

  it("read the meter and the statements, and begin both anew", async () => {
    const client = await signedIn(server);
    await ask("POST", "reset");
    await client.rows("CREATE OR REPLACE TABLE t (a INT)");
    await client.rows("INSERT INTO t VALUES (1)");
    expect((await ask("GET", "meter")).body).toMatchObject({ statements: 2, warehouses: [{ statements: 1, secondsBilled: 60 }] });
    expect((await ask("GET", "queries")).body).toMatchObject([{ queryType: "CREATE_TABLE" }, { queryType: "INSERT" }]);
    await ask("POST", "reset");
    expect((await ask("GET", "meter")).body).toMatchObject({ statements: 0, warehouses: [{ statements: 0 }] });
  });

  it("give tokens of the server's own issuer, which its account trusts", async () => {
    const { body } = await ask("POST", "issuer/token", { sub: "ann" });
    const oauth = { AUTHENTICATOR: "OAUTH", TOKEN: (body as { readonly token: string }).token };
    expect(await new WireClient(server.url).login(oauth)).toMatchObject({ success: true });
    const added = await ask("POST", "issuer/client", { id: "app", secret: "s", claims: { sub: "ann" } });
    const { tokenUrl } = added.body as { readonly tokenUrl: string };
    const form = new URLSearchParams({ grant_type: "client_credentials", client_id: "app", client_secret: "s" });
    const given = (await (await fetch(tokenUrl, { method: "POST", body: form })).json()) as { readonly access_token: string };
    expect(await new WireClient(server.url).login({ AUTHENTICATOR: "OAUTH", TOKEN: given.access_token })).toMatchObject({
      success: true,
    });
  });

  it("are not there without faults, and the front page says what the server is", async () => {
    const plain = await startedWarehouse({ faults: false });
    try {
      expect((await fetch(`${plain.url}/__snowline/faults`)).status).toBe(404);
      expect((await fetch(`${plain.url}/oauth/issuer/keys`)).status).toBe(404);
      expect(await (await fetch(plain.url)).text()).toMatch(/^This is not Snowflake\./);
    } finally {
      await plain.stop();
    }
  });
});
