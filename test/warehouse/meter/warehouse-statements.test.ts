import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningWarehouse } from "../../../warehouse/start-warehouse.ts";
import { signedIn, startedWarehouse } from "../started-warehouse.ts";
import type { WireClient } from "../wire-client.ts";

describe("SQL for warehouses", () => {
  let server: RunningWarehouse;
  let admin: WireClient;
  beforeAll(async () => {
    server = await startedWarehouse();
    admin = await signedIn(server);
  });
  afterAll(() => server.stop());
  const use = (name: string) => server.account.meter.list().find(({ definition }) => definition.name === name);

  it("makes one, which the session then uses, and drops it", async () => {
    await admin.rows(
      "CREATE WAREHOUSE load WITH WAREHOUSE_SIZE = 'X-SMALL' AUTO_SUSPEND = 60 AUTO_RESUME = TRUE INITIALLY_SUSPENDED = TRUE",
    );
    expect(use("LOAD")).toMatchObject({
      state: "SUSPENDED",
      definition: { size: "X-Small", autoSuspendSeconds: 60, autoResume: true },
    });
    expect(await admin.rows("SELECT CURRENT_WAREHOUSE()")).toEqual([["LOAD"]]);
    expect(await admin.run("CREATE WAREHOUSE load")).toMatchObject({ success: false, code: "002002" });
    await admin.rows("CREATE OR REPLACE WAREHOUSE load WAREHOUSE_SIZE = MEDIUM");
    expect(use("LOAD")).toMatchObject({ state: "STARTED", definition: { size: "Medium", autoSuspendSeconds: 600 } });
    await admin.rows("DROP WAREHOUSE load");
    await admin.rows("DROP WAREHOUSE IF EXISTS load");
    expect(use("LOAD")).toBeUndefined();
  });

  it("changes, suspends and resumes one", async () => {
    await admin.rows("CREATE WAREHOUSE other INITIALLY_SUSPENDED = TRUE");
    await admin.rows("ALTER WAREHOUSE other SET WAREHOUSE_SIZE = XXLARGE, AUTO_SUSPEND = NULL, AUTO_RESUME = FALSE");
    expect(use("OTHER")).toMatchObject({ definition: { size: "2X-Large", autoSuspendSeconds: null, autoResume: false } });
    await admin.rows("ALTER WAREHOUSE other RESUME");
    await admin.rows("ALTER WAREHOUSE other RESUME IF SUSPENDED");
    expect(await admin.run("ALTER WAREHOUSE other RESUME")).toMatchObject({ success: false, code: "090063" });
    await admin.rows("ALTER WAREHOUSE other SUSPEND");
    expect(use("OTHER")).toMatchObject({ state: "SUSPENDED", resumes: 1, secondsBilled: 60 });
    expect(await admin.run("ALTER WAREHOUSE other SET WAREHOUSE_SIZE = ENORMOUS")).toMatchObject({
      success: false,
      code: "001008",
    });
    expect(await admin.run("ALTER WAREHOUSE other SET NO_SUCH = 1")).toMatchObject({ success: false, code: "001420" });
    expect(await admin.run("ALTER WAREHOUSE nowhere SUSPEND")).toMatchObject({ success: false, code: "002003" });
  });
});
