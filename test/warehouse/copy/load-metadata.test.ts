import assert from "node:assert";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Loader, openLoader } from "./open-loader.ts";

let loader: Loader;
beforeAll(async () => {
  loader = await openLoader();
});
afterAll(async () => {
  await loader[Symbol.asyncDispose]();
});

/** A table, made anew. */
async function table(name: string, columns: string): Promise<void> {
  await loader.query(`CREATE OR REPLACE TABLE ${name} (${columns})`);
}

describe("load metadata", () => {
  beforeAll(async () => {
    await loader.put("m/a.csv", "1\n");
  });
  const count = async (): Promise<string | null | undefined> => (await loader.rows("SELECT COUNT(*) FROM M1"))[0]?.[0];
  const nothing = [["Copy executed with 0 files processed."]];

  test("a file is loaded once, again by FORCE, and again when it has changed", async () => {
    await table("M1", "A NUMBER");
    await loader.query("COPY INTO M1 FROM @S/m/");
    expect(await loader.rows("COPY INTO M1 FROM @S/m/")).toEqual(nothing);
    expect(await count()).toBe("1");
    await loader.query("COPY INTO M1 FROM @S/m/ FORCE = TRUE");
    expect(await count()).toBe("2");
    await loader.put("m/a.csv", "2\n");
    await loader.query("COPY INTO M1 FROM @S/m/");
    expect(await count()).toBe("3");
  });

  test("ROLLBACK undoes it, COMMIT keeps it", async () => {
    await table("M1", "A NUMBER");
    for (const [end, rows] of [
      ["ROLLBACK", "0"],
      ["COMMIT", "1"],
    ]) {
      await loader.query("BEGIN");
      await loader.query("COPY INTO M1 FROM @S/m/");
      expect(await loader.rows("COPY INTO M1 FROM @S/m/")).toEqual(nothing);
      await loader.query(end ?? "");
      expect(await count()).toBe(rows);
    }
    expect(await loader.rows("COPY INTO M1 FROM @S/m/")).toEqual(nothing);
  });

  test("TRUNCATE and a new table of the name forget it, DELETE does not", async () => {
    await table("M1", "A NUMBER");
    await loader.query("COPY INTO M1 FROM @S/m/");
    await loader.query("DELETE FROM M1");
    expect(await loader.rows("COPY INTO M1 FROM @S/m/")).toEqual(nothing);
    await loader.query("TRUNCATE TABLE M1");
    await loader.query("COPY INTO M1 FROM @S/m/");
    expect(await count()).toBe("1");
    await table("M1", "A NUMBER");
    await loader.query("COPY INTO M1 FROM @S/m/");
    expect(await count()).toBe("1");
  });
});

test("a load of an open transaction is there after others have committed, when the server runs it again", async () => {
  await table("R1", "A NUMBER");
  await table("R2", "A NUMBER");
  await loader.put("r/a.csv", "1\n2\n");
  await loader.query("BEGIN");
  await loader.query("COPY INTO R1 FROM @S/r/ ON_ERROR = CONTINUE");
  for (const value of [1, 2, 3]) {
    await loader.account.query(`INSERT INTO R2 VALUES (${value})`);
    expect(await loader.rows("SELECT (SELECT COUNT(*) FROM R1), COUNT(*) FROM R2")).toEqual([["2", String(value)]]);
  }
  await loader.query("COMMIT");
  expect(await loader.rows("SELECT COUNT(*) FROM R1")).toEqual([["2"]]);
});

test("COPY_HISTORY tells of loads, partial loads and failures", async () => {
  await table("H1", "A NUMBER");
  await loader.put("h/good.csv", "1\n");
  await loader.put("h/partial.csv", "1\nx\n");
  await loader.query("COPY INTO H1 FROM @S/h/ FILES = ('good.csv')");
  await loader.failure("COPY INTO H1 FROM @S/h/ FILES = ('partial.csv')");
  await loader.query("COPY INTO H1 FROM @S/h/ FILES = ('partial.csv') ON_ERROR = CONTINUE");
  const sql = `SELECT FILE_NAME, STATUS, ROW_PARSED, ROW_COUNT, ERROR_COUNT, FIRST_ERROR_MESSAGE
    FROM TABLE(INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => 'H1', START_TIME => DATEADD(hour, -1, CURRENT_TIMESTAMP()))) ORDER BY LAST_LOAD_TIME`;
  const error = "Numeric value 'x' is not recognized";
  expect(await loader.rows(sql)).toEqual([
    ["h/good.csv", "Loaded", "1", "1", "0", null],
    ["h/partial.csv", "Load failed", "2", "0", "1", error],
    ["h/partial.csv", "Partially loaded", "2", "1", "1", error],
  ]);
});

test("load metadata is forgotten after 64 days", async ({ skip }) => {
  const yearMs = 365 * 24 * 3600 * 1000;
  await using old = await openLoader({ tokenMs: yearMs, masterTokenMs: yearMs });
  const { server } = old.account;
  skip(server === null, "a real account's clock cannot be moved");
  assert(server !== null);
  await old.query("CREATE TABLE T (A NUMBER)");
  await old.put("m/a.csv", "1\n");
  await old.query("COPY INTO T FROM @S/m/");
  const daysLater = async (days: number): Promise<unknown> => {
    server.clock.advance(days * 24 * 3600 * 1000);
    return (await old.query("COPY INTO T FROM @S/m/"))[0]?.["status"];
  };
  expect(await daysLater(63)).toBe("Copy executed with 0 files processed.");
  expect(await daysLater(2)).toBe("LOADED");
});
