import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { SnowflakeSink } from "../../../../../crds/connectors/snowflake.ts";
import { NotConnected, TargetChanged, Terminal } from "../../../../../runtime/component/errors.ts";
import type { Sink } from "../../../../../runtime/component/sink.ts";
import { snowflakeAccount } from "../../../../../runtime/snowflake/account.ts";
import { openCopySink } from "../../../../../runtime/sinks/snowflake/copy/copy-sink.ts";
import { sinkNames } from "../../../../../runtime/sinks/snowflake/sink-names.ts";
import type { Column, TargetColumn } from "../../../../../transform/column.ts";
import { openTestAccount, type TestAccount } from "../../../../snowflake/open-test-account.ts";
import { openPlace, type Place } from "../snowflake-place.ts";

/** Faults on command are our server's. */
const ours = process.env["SNOWFLAKE_ACCOUNT"] === undefined;
/** Waits for locks are real ones. */
const lockTimeoutMs = 1000;
const orders: readonly Column[] = [
  { name: "id", type: "BIGINT" },
  { name: "text", type: "VARCHAR" },
];
const upsert: Partial<SnowflakeSink> = { mode: { upsert: { key: ["id"] } } };

let account: TestAccount;
let place: Place;
const opened: Sink[] = [];

beforeAll(async () => {
  account = await openTestAccount();
});
afterAll(() => account[Symbol.asyncDispose]());
beforeEach(async () => {
  account.faults?.clear();
  place = await openPlace(account);
});
afterEach(async () => {
  account.faults?.clear();
  for (const sink of opened.splice(0)) await sink[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

/** A sink that waits for locks a second only. */
function open(changes: Partial<SnowflakeSink> = {}, now: () => number = () => Date.now()): Sink {
  const { context } = place;
  const owner = randomUUID();
  const spec = place.spec(changes);
  const sink = openCopySink(
    {
      spec,
      context: { ...context, now },
      account: snowflakeAccount(account.spec, context),
      names: sinkNames(spec, context.pipeline),
      owner,
      tag: { namespace: context.pipeline.namespace, pipeline: context.pipeline.name, run: owner },
    },
    lockTimeoutMs,
  );
  opened.push(sink);
  return sink;
}

async function ready(changes: Partial<SnowflakeSink> = {}, columns = orders): Promise<Sink> {
  const sink = open(changes);
  await sink.prepare(columns);
  await sink.restore(["a"]);
  return sink;
}

const step = (from: number) => [{ split: "a", from: from === 0 ? null : { offset: from }, to: { offset: from + 1 } }];
const rows = (query: string, columns: readonly TargetColumn[] | readonly Column[] = orders) => place.maker.rows(query, columns);
const one = (id: number) => rows(`SELECT ${id} AS id, 'row ${id}' AS text`);
const ids = async () => (await account.query(`SELECT ID FROM ${place.table} ORDER BY ID`)).map((row) => Number(row["ID"]));
const staged = async () =>
  (await account.query(`LIST @${sinkNames(place.spec(), place.context.pipeline).stage.sql}`)).map((row) => row["name"]);

describe.runIf(ours)("when the account fails,", () => {
  test("a COMMIT that took effect and whose answer was lost: the repeated write is `written`, and the rows are there once", async () => {
    const sink = await ready();
    account.faults?.add({ action: { kind: "dropAfter" }, sql: "^COMMIT" });
    // The driver asks again with the same request id; then the session is gone, and nobody ever tells it.
    account.faults?.add({ action: { kind: "sessionGone" }, sql: "^COMMIT", skip: 1 });
    const batch = await one(1);
    await expect(sink.write(batch, step(0))).rejects.toBeInstanceOf(NotConnected);
    account.faults?.clear();
    expect(await ids()).toEqual([1]);
    expect(await sink.write(batch, step(0))).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1]);
    expect(await sink.write(await one(2), step(1))).toEqual({ kind: "written" });
  }, 60_000);

  test.each(["^PUT", "^BEGIN", "^COPY INTO", "^UPDATE", "^COMMIT", "^MERGE INTO .*ORDERS_", "^CREATE OR REPLACE TEMP"])(
    "a session that is lost at %s: the repeated write loads everything, once",
    async (sql) => {
      const sink = await ready(/MERGE|TEMP/.test(sql) ? upsert : {});
      account.faults?.add({ action: { kind: "sessionGone" }, sql });
      const batch = await one(1);
      await expect(sink.write(batch, step(0))).rejects.toBeInstanceOf(NotConnected);
      expect(account.faults?.list()).toMatchObject([{ struck: 1 }]);
      // Its transaction stays open on the server, with its locks, until the repeated write has waited long enough and ends it.
      expect(await sink.write(batch, step(0))).toEqual({ kind: "written" });
      expect(await ids()).toEqual([1]);
    },
    60_000,
  );

  test("a dead owner's open transaction holds the positions' lock: its heir ends it and goes on, and it wrote nothing", async () => {
    const zombie = await ready();
    account.faults?.add({ action: { kind: "sessionGone" }, sql: "^COMMIT" });
    const batch = await one(1);
    await expect(zombie.write(batch, step(0))).rejects.toBeInstanceOf(NotConnected);
    const heir = open();
    await heir.prepare(orders);
    expect(await heir.restore(["a"])).toEqual(new Map());
    expect(await zombie.write(batch, step(0))).toEqual({ kind: "conflict", splits: ["a"] });
    expect(await heir.write(batch, step(0))).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1]);
  }, 60_000);

  test("a slow owner whose transaction was ended by another hand before its COMMIT does not take it for written", async () => {
    const slow = await ready();
    const batch = await one(1);
    // Its COMMIT is held up for longer than anybody waits for the lock.
    account.faults?.add({ action: { kind: "delayBefore", ms: 4000 }, sql: "^COMMIT" });
    const writing = slow.write(batch, step(0)).catch((error: unknown) => error);
    await vi.waitFor(() => expect(account.faults?.list()).toMatchObject([{ struck: 1 }]));
    const other = open();
    await other.restore(["b"]);
    expect(await writing).toBeInstanceOf(NotConnected);
    expect(await ids()).toEqual([]);
    expect(await slow.write(batch, step(0))).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1]);
  }, 60_000);

  test("a transaction that is ended by another hand before the positions move: they do not move without its rows", async () => {
    const slow = await ready();
    const batch = await one(1);
    account.faults?.add({ action: { kind: "delayBefore", ms: 1500 }, sql: "^UPDATE" });
    const writing = slow.write(batch, step(0)).catch((error: unknown) => error);
    await vi.waitFor(() => expect(account.faults?.list()).toMatchObject([{ struck: 1 }]));
    const { transaction } = sinkNames(place.spec(), place.context.pipeline);
    const open = (await account.query("SHOW TRANSACTIONS")).find((each) => String(each["name"]).startsWith(`${transaction}_`));
    await account.query(`SELECT SYSTEM$ABORT_TRANSACTION(${String(open?.["id"])})`);
    expect(await writing).toBeInstanceOf(NotConnected);
    expect(await slow.restore(["a"])).toEqual(new Map());
    expect(await ids()).toEqual([]);
    expect(await slow.write(batch, step(0))).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1]);
  }, 60_000);

  test("an owner whose transaction an heir ended just before its COMMIT is refused, though Snowflake is content with that COMMIT", async () => {
    const slow = await ready();
    const batch = await one(1);
    account.faults?.add({ action: { kind: "delayBefore", ms: 2000 }, sql: "^COMMIT" });
    const writing = slow.write(batch, step(0));
    await vi.waitFor(() => expect(account.faults?.list()).toMatchObject([{ struck: 1 }]), { timeout: 10_000 });
    const heir = open();
    await heir.prepare(orders);
    expect(await heir.restore(["a"])).toEqual(new Map());
    expect(await writing).toEqual({ kind: "conflict", splits: ["a"] });
    expect(await heir.write(batch, step(0))).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1]);
  }, 60_000);

  test.each([
    ["appends", "^COPY INTO", {}],
    ["merges", "^MERGE INTO .*ORDERS_", upsert],
  ])(
    "an owner that was taken over from before it %s rolls back what it still loads",
    async (...[, sql, changes]) => {
      const slow = await ready(changes);
      const batch = await one(1);
      account.faults?.add({ action: { kind: "delayBefore", ms: 2000 }, sql });
      const writing = slow.write(batch, step(0));
      await vi.waitFor(() => expect(account.faults?.list()).toMatchObject([{ struck: 1 }]), { timeout: 10_000 });
      const heir = open(changes);
      await heir.prepare(orders);
      expect(await heir.restore(["a"])).toEqual(new Map());
      expect(await writing).toEqual({ kind: "conflict", splits: ["a"] });
      expect(await ids()).toEqual([]);
      expect(await heir.write(batch, step(0))).toEqual({ kind: "written" });
      expect(await ids()).toEqual([1]);
    },
    60_000,
  );

  test("an upload that does not get into the stage is repeated, and costs no record", async () => {
    const sink = await ready();
    account.faults?.add({ action: { kind: "diskFull" }, count: null });
    const batch = await one(1);
    await expect(sink.write(batch, step(0))).rejects.toBeInstanceOf(NotConnected);
    account.faults?.clear();
    expect(await sink.write(batch, step(0))).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1]);
  }, 60_000);
});

describe("upsert", () => {
  test("a row replaces the one with its key; what the rows do not have stays, and defaults fill new rows", async () => {
    await account.query(
      `CREATE TABLE ${place.table} (ID NUMBER(38,0) NOT NULL, TEXT VARCHAR, SEEN NUMBER(38,0) DEFAULT 7, "Odd Name" VARCHAR)`,
    );
    await account.query(`INSERT INTO ${place.table} VALUES (1, 'old', 1, 'x'), (2, 'stays', 2, 'y')`);
    const columns = [...orders, { name: "odd name", type: "VARCHAR" }];
    const sink = await ready(upsert, columns);
    await sink.write(
      await rows(`SELECT 1 AS id, 'new' AS text, NULL AS "odd name" UNION ALL SELECT 3, NULL, 'z'`, columns),
      step(0),
    );
    expect(await account.query(`SELECT * FROM ${place.table} ORDER BY ID`)).toEqual([
      { ID: "1", TEXT: "new", SEEN: "1", "Odd Name": null },
      { ID: "2", TEXT: "stays", SEEN: "2", "Odd Name": "y" },
      { ID: "3", TEXT: null, SEEN: "7", "Odd Name": "z" },
    ]);
  });

  test("a row in which deleteWhen's column is true removes the row with its key, and the column is not stored", async () => {
    const columns = [...orders, { name: "gone", type: "BOOLEAN" }];
    const sink = await ready({ mode: { upsert: { key: ["id"], deleteWhen: "gone" } } }, columns);
    const values = (tuples: string) => rows(`SELECT * FROM (VALUES ${tuples}) AS t(id, text, gone)`, columns);
    await sink.write(await values("(1, 'one', false), (2, 'two', NULL), (3, 'never', true)"), step(0));
    expect(await account.query(`SELECT * FROM ${place.table} ORDER BY ID`)).toEqual([
      { ID: "1", TEXT: "one" },
      { ID: "2", TEXT: "two" },
    ]);
    await sink.write(await values("(1, NULL, true), (2, 'new', false), (4, 'never', true)"), step(1));
    expect(await account.query(`SELECT * FROM ${place.table}`)).toEqual([{ ID: "2", TEXT: "new" }]);
  });

  test("works where the key is all there is", async () => {
    const columns = [{ name: "id", type: "BIGINT" }];
    const sink = await ready(upsert, columns);
    await sink.write(await rows("SELECT 1 AS id", columns), step(0));
    await sink.write(await rows("SELECT 1 AS id UNION ALL SELECT 2", columns), step(1));
    expect(await ids()).toEqual([1, 2]);
  });
});

describe("the table", () => {
  test("that lacks a column is refused with the statement, or gets it, also from two pods at once", async () => {
    const first = await ready();
    await first.write(await one(1), step(0));
    const wider = [...orders, { name: "amount", type: "DECIMAL(18,2)" }];
    await expect(open().prepare(wider)).rejects.toMatchObject({
      reason: "TableMismatch",
      message: expect.stringContaining(`run ALTER TABLE ${place.table} ADD COLUMN IF NOT EXISTS "AMOUNT" NUMBER(18,2)`),
    });
    const pods = [open({ schemaEvolution: "addColumns" }), open({ schemaEvolution: "addColumns" })];
    const targets = await Promise.all(pods.map((pod) => pod.prepare(wider)));
    expect(targets[0]).toEqual(targets[1]);
    expect(await account.query(`SELECT ID, AMOUNT FROM ${place.table}`)).toEqual([{ ID: "1", AMOUNT: null }]);
  });

  test("whose columns are too narrow is widened in place, between writes", async () => {
    await account.query(`CREATE TABLE ${place.table} (ID NUMBER(5,0), TEXT VARCHAR(3))`);
    const sink = open({ schemaEvolution: "widen" });
    expect(await sink.prepare(orders)).toMatchObject([{ type: "BIGINT" }, { type: "VARCHAR" }]);
    await sink.restore(["a"]);
    await sink.write(await rows("SELECT 9223372036854775807 AS id, 'longer than 3' AS text"), step(0));
    expect(await account.query(`SELECT * FROM ${place.table}`)).toEqual([{ ID: "9223372036854775807", TEXT: "longer than 3" }]);
  });

  test.each([
    ["a column is gone", "ALTER TABLE t DROP COLUMN TEXT", "addColumns"],
    ["a column has become NOT NULL", "ALTER TABLE t ALTER COLUMN TEXT SET NOT NULL", "none"],
    ["it is gone", "DROP TABLE t", "none"],
  ] as const)(
    "of which %s: write says so and has written nothing; after prepare it goes on",
    async (_, change, schemaEvolution) => {
      const sink = await ready({ schemaEvolution });
      await account.query(change.replace(" t", ` ${place.table}`));
      const batch = await rows("SELECT 1 AS id, NULL AS text");
      await expect(sink.write(batch, step(0))).rejects.toBeInstanceOf(TargetChanged);
      const target = await sink.prepare(orders);
      const text = target.find(({ name }) => name === "text")?.nullable === false ? "'x'" : "NULL";
      expect(await sink.write(await rows(`SELECT 1 AS id, ${text} AS text`), step(0))).toEqual({ kind: "written" });
      expect(await ids()).toEqual([1]);
    },
  );

  test("that is unchanged and refuses a row stops it, without the row's value", async () => {
    await account.query(`CREATE TABLE ${place.table} (ID NUMBER(38,0), TEXT VARCHAR(3))`);
    const sink = await ready();
    const error = await sink
      .write(await rows("SELECT 1 AS id, 'secret value' AS text"), step(0))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Terminal);
    expect(String(error)).not.toContain("secret value");
    expect(await sink.write(await rows("SELECT 1 AS id, 'abc' AS text"), step(0))).toEqual({ kind: "written" });
  });
});

describe("what is sent:", () => {
  const statements = async (sink: () => Promise<unknown>) => {
    const since = await texts();
    await sink();
    const words = (await texts()).slice(since.length).map((text) => /^(?:CREATE OR REPLACE|\w+)/.exec(text)?.[0] ?? text);
    return words.toSorted((one, other) => (one < other ? -1 : 1));
  };
  const texts = async () => {
    const found = await account.query(
      `SELECT QUERY_TEXT FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000))
       WHERE TRY_PARSE_JSON(QUERY_TAG):pipeline::VARCHAR = '${place.context.pipeline.name}' ORDER BY START_TIME, QUERY_ID`,
    );
    return found.map((row) => row["QUERY_TEXT"]!);
  };

  test("seven statements for a batch that is appended, nine for one that is upserted, five without rows; none about metadata", async () => {
    const sink = await ready();
    const batch = await one(1);
    expect(await statements(() => sink.write(batch, step(0)))).toEqual([
      "BEGIN",
      "COMMIT",
      "COPY",
      "PUT",
      "SELECT",
      "SELECT",
      "UPDATE",
    ]);
    expect(await statements(() => sink.write(null, step(1)))).toEqual(["BEGIN", "COMMIT", "SELECT", "SELECT", "UPDATE"]);
    expect(await statements(() => sink.restore([]))).toEqual([]);
    const merging = await ready(upsert);
    expect(await statements(() => merging.write(batch, step(2)))).toEqual([
      "BEGIN",
      "COMMIT",
      "COPY",
      "CREATE OR REPLACE",
      "MERGE",
      "PUT",
      "SELECT",
      "SELECT",
      "UPDATE",
    ]);
  });

  test("loaded files leave the stage; what a dead owner left in it goes when a later one starts, but nothing that may be at work", async () => {
    const sink = await ready();
    await sink.write(await one(1), step(0));
    expect(await staged()).toEqual([]);
    const session = await account.openSession();
    const { path } = await one(2);
    const { stage } = sinkNames(place.spec(), place.context.pipeline);
    await session.query(`PUT 'file://${path}' @${stage.sql}/dead-owner/1 AUTO_COMPRESS = FALSE`);
    await session[Symbol.asyncDispose]();
    await open().prepare(orders);
    expect(await staged()).toHaveLength(1);
    await open({}, () => Date.now() + 7 * 3_600_000).prepare(orders);
    expect(await staged()).toEqual([]);
  });
});
