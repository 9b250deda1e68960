import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SnowflakeSink } from "../../../../../crds/connectors/snowflake.ts";
import { NotConnected, TargetChanged, Terminal } from "../../../../../runtime/component/errors.ts";
import type { Sink } from "../../../../../runtime/component/sink.ts";
import { sinkNames } from "../../../../../runtime/sinks/snowflake/sink-names.ts";
import type { FaultRule } from "../../../../../warehouse/faults.ts";
import { rowColumns } from "../../../../contract/sink.ts";
import { openTestAccount, type TestAccount } from "../../../../snowflake/open-test-account.ts";
import { values } from "../../rows-file.ts";
import { openPlace, type Place } from "../snowflake-place.ts";

const dayMs = 86_400_000;

let account: TestAccount;
let place: Place;
beforeAll(async () => {
  account = await openTestAccount();
});
afterAll(() => account[Symbol.asyncDispose]());
beforeEach(async () => {
  account.faults?.clear();
  if (account.server !== null) account.server.account.pipes.delayMs = 5;
  place = await openPlace(account);
});
afterEach(async () => {
  account.faults?.clear();
  await place[Symbol.asyncDispose]();
});

type Snowpipe = NonNullable<SnowflakeSink["load"]["snowpipe"]>;
const loadOf = (changes: Partial<Snowpipe> = {}): SnowflakeSink["load"] => ({
  snowpipe: { everySeconds: 60, upToBytes: "128Mi", upToRows: 2_000_000, autoIngest: false, ...changes },
});
const at = (offset: number) => ({ offset });
const first = [{ split: "a", from: null, to: at(1) }];

const rows = (...ids: readonly number[]) =>
  place.maker.rows(values(ids.map((id) => ({ id, text: id === 7 ? "secret value" : `row ${id}` }))), rowColumns);
const ids = async (): Promise<readonly number[]> =>
  (await account.query(`SELECT ID FROM ${place.table} ORDER BY ID`)).map((row) => Number(row["ID"]));
async function open(changes: Partial<Snowpipe> = {}, context: Parameters<Place["open"]>[1] = {}): Promise<Sink> {
  const sink = await place.open({ load: loadOf(changes) }, context);
  await sink.prepare(rowColumns);
  return sink;
}
const names = () => sinkNames(place.spec(), place.context.pipeline);
const states = async () =>
  (await account.query(`SELECT STATE FROM ${names().positions.sql} ORDER BY SPLIT`)).map((row) => row["STATE"] ?? null);
const staged = async () => account.query(`LIST @${names().stage.sql}`);
const thrown = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );
const ours = (rule: FaultRule): void => account.faults!.add(rule);

describe("load.snowpipe", () => {
  it("leaves nothing behind: the file is out of the stage and nothing is pending", async () => {
    const sink = await open();
    await sink.restore(["a"]);
    expect(await sink.write(await rows(1, 2), first)).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1, 2]);
    expect(await staged()).toEqual([]);
    expect(await states()).toEqual([null]);
  });

  it("sends nothing but the positions' step where there are no rows", async () => {
    const sink = await open();
    await sink.restore(["a"]);
    expect(await sink.write(null, first)).toEqual({ kind: "written" });
    expect(await sink.restore(["a"])).toEqual(new Map([["a", at(1)]]));
    expect(await staged()).toEqual([]);
  });

  it("keeps a pipe for each set of columns, so that a pipe never forgets", async () => {
    const sink = await open();
    await sink.restore(["a"]);
    await sink.write(await rows(1), first);
    const more = [...rowColumns, { name: "more", type: "INTEGER" }];
    const wider = await place.open({ load: loadOf(), schemaEvolution: "addColumns" });
    await wider.prepare(more);
    await wider.restore(["a"]);
    const file = await place.maker.rows("SELECT 2 AS id, 'x' AS text, 5 AS more", more);
    expect(await wider.write(file, [{ split: "a", from: at(1), to: at(2) }])).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1, 2]);
    const pipes = await account.query(
      `SHOW PIPES LIKE '${names().pipe.name}%' IN SCHEMA "${account.database}"."${account.schema}"`,
    );
    expect(pipes).toHaveLength(2);
  });

  it("takes a file back that its pipe cannot load, and stops with the reason but without a value of a row", async () => {
    const pipe = `"${account.database}"."${account.schema}"."OWN"`;
    const copy = (value: string): string =>
      `COPY INTO ${place.table} (ID) FROM (SELECT ${value} FROM @${names().stage.sql}) FILE_FORMAT = (TYPE = PARQUET) ON_ERROR = SKIP_FILE`;
    const maker = await open();
    await account.query(`CREATE OR REPLACE PIPE ${pipe} AS ${copy('$1:"text"::NUMBER')}`);
    const sink = await open({ pipe: "own" });
    await sink.restore(["a"]);
    const error = await thrown(sink.write(await rows(7), first));
    expect(error).toBeInstanceOf(Terminal);
    expect(error).toMatchObject({ reason: "FileRejected" });
    expect((error as Error).message).not.toContain("secret value");
    expect(await staged()).toEqual([]);
    expect(await ids()).toEqual([]);
    // Once the pipe is right the records are read again and loaded.
    await account.query(`CREATE OR REPLACE PIPE ${pipe} AS ${copy('$1:"id"::NUMBER')}`);
    const heir = await open({ pipe: "own" });
    expect(await heir.restore(["a"])).toEqual(new Map());
    expect(await heir.write(await rows(7), first)).toEqual({ kind: "written" });
    expect(await ids()).toEqual([7]);
    await maker[Symbol.asyncDispose]();
  });

  it("stops where a pipe of the owner's left rows out, and goes on once told that they are there", async () => {
    const pipe = `"${account.database}"."${account.schema}"."CARELESS"`;
    await open();
    await account.query(
      `CREATE OR REPLACE PIPE ${pipe} AS COPY INTO ${place.table} (ID) FROM (SELECT $1:"text"::NUMBER FROM @${names().stage.sql}) FILE_FORMAT = (TYPE = PARQUET) ON_ERROR = CONTINUE`,
    );
    const sink = await open({ pipe: "careless" });
    await sink.restore(["a"]);
    const some = await place.maker.rows("SELECT 1 AS id, '5' AS text UNION ALL SELECT 2, 'six'", rowColumns);
    expect(await thrown(sink.write(some, first))).toMatchObject({ name: "Terminal", reason: "FileNotWhole" });
    expect(await ids()).toEqual([5]);
    const heir = await open({ pipe: "careless" });
    expect(await thrown(heir.restore(["a"]))).toMatchObject({ reason: "FileNotWhole" });
    await account.query(`UPDATE ${names().positions.sql} SET STATE = NULL`);
    expect(await heir.restore(["a"])).toEqual(new Map([["a", at(1)]]));
  });

  it("prepares again where the table has changed under it, and loads the batch then", async () => {
    const sink = await open();
    await sink.restore(["a"]);
    await account.query(`ALTER TABLE ${place.table} DROP COLUMN TEXT`);
    expect(await thrown(sink.write(await rows(1), first))).toBeInstanceOf(TargetChanged);
    expect(await ids()).toEqual([]);
    await account.query(`ALTER TABLE ${place.table} ADD COLUMN TEXT VARCHAR`);
    await sink.prepare(rowColumns);
    expect(await sink.write(await rows(1), first)).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1]);
  });
});

describe("load.snowpipe through a stage of the owner's", () => {
  it.each([false, true])("copies the file there and loads it once (autoIngest %s)", async (autoIngest) => {
    const lake = `"${account.database}"."${account.schema}".LAKE`;
    await account.query(`CREATE STAGE IF NOT EXISTS ${lake} URL = 's3://snowline-test/lake/'`);
    const sink = await open({ stage: "lake", autoIngest });
    await sink.restore(["a"]);
    expect(await sink.write(await rows(1, 2), first)).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1, 2]);
    expect(await staged()).toEqual([]);
    const files = await account.query(`LIST @${lake}/snowline/shop/${place.context.pipeline.name}/`);
    expect(files).toHaveLength(1);
  });
});

// Our server fails on command; a real account has faults of its own, at its own time.
describe.skipIf(process.env["SNOWFLAKE_ACCOUNT"] !== undefined)("load.snowpipe when something fails", () => {
  /** Writes until it is answered, as the engine does. */
  async function persistently(sink: Sink, from: Parameters<Sink["write"]>[1], ...written: readonly number[]): Promise<unknown> {
    const file = await rows(...written);
    for (let attempt = 1; ; attempt++) {
      try {
        return await sink.write(file, from);
      } catch (error) {
        if (!(error instanceof NotConnected) || attempt === 8) throw error;
      }
    }
  }

  it.each<[string, FaultRule]>([
    ["insertFiles is lost", { action: { kind: "dropBefore" }, path: "insertFiles" }],
    ["the answer of insertFiles is lost", { action: { kind: "dropAfter" }, path: "insertFiles" }],
    ["insertFiles is throttled", { action: { kind: "answer", status: 429 }, path: "insertFiles", count: 3 }],
    ["the report fails", { action: { kind: "answer", status: 503 }, path: "insertReport", count: 2 }],
    ["the answer of the report is lost", { action: { kind: "dropAfter" }, path: "insertReport" }],
    ["the session is gone before the positions' step", { action: { kind: "sessionGone" }, sql: "^BEGIN" }],
    ["the session is gone at the commit", { action: { kind: "sessionGone" }, sql: "^COMMIT" }],
    ["the answer of the commit is lost", { action: { kind: "dropAfter" }, sql: "^COMMIT" }],
    ["the session is gone when the file is cleared away", { action: { kind: "sessionGone" }, sql: "^REMOVE" }],
    ["the file does not get into the stage", { action: { kind: "diskFull" } }],
  ])(
    "loads the rows once although %s",
    async (_name, rule) => {
      const sink = await open();
      await sink.restore(["a"]);
      ours(rule);
      expect(await persistently(sink, first, 1, 2)).toEqual({ kind: "written" });
      expect(account.faults!.list()[0]!.struck).toBeGreaterThan(0);
      account.faults!.clear();
      expect(await ids()).toEqual([1, 2]);
      expect(await states()).toEqual([null]);
      expect(await sink.write(await rows(3), [{ split: "a", from: at(1), to: at(2) }])).toEqual({ kind: "written" });
      expect(await ids()).toEqual([1, 2, 3]);
    },
    90_000,
  );

  it.each<[string, FaultRule, "read again" | "loaded"]>([
    ["before the positions' step", { action: { kind: "sessionGone" }, sql: "^BEGIN" }, "read again"],
    ["at the commit", { action: { kind: "sessionGone" }, sql: "^COMMIT" }, "read again"],
    ["before insertFiles", { action: { kind: "answer", status: 503 }, path: "insertFiles" }, "loaded"],
    ["after insertFiles", { action: { kind: "dropAfter" }, path: "insertFiles" }, "loaded"],
    ["before the load is proven", { action: { kind: "answer", status: 503 }, path: "insertReport" }, "loaded"],
    ["before the file is cleared away", { action: { kind: "sessionGone" }, sql: "^REMOVE" }, "loaded"],
  ])(
    "its heir loads the rows once when it dies %s",
    async (_name, rule, expected) => {
      const sink = await open();
      await sink.restore(["a"]);
      ours(rule);
      await thrown(sink.write(await rows(1, 2), first));
      expect(account.faults!.list()[0]!.struck).toBe(1);
      account.faults!.clear();
      const heir = await open();
      const found = await heir.restore(["a"]);
      expect(found).toEqual(expected === "loaded" ? new Map([["a", at(1)]]) : new Map());
      expect(await ids()).toEqual(expected === "loaded" ? [1, 2] : []);
      if (expected === "read again") expect(await heir.write(await rows(1, 2), first)).toEqual({ kind: "written" });
      expect(await ids()).toEqual([1, 2]);
      expect(await states()).toEqual([null]);
      expect(await sink.write(await rows(9), first)).toEqual({ kind: "conflict", splits: ["a"] });
      expect(await ids()).toEqual([1, 2]);
    },
    90_000,
  );

  it("an owner whose transaction an heir ended just before its COMMIT is refused, and its file never gets to the pipe", async () => {
    const slow = await open();
    await slow.restore(["a"]);
    ours({ action: { kind: "delayBefore", ms: 2000 }, sql: "^COMMIT" });
    const writing = slow.write(await rows(1), first);
    await expect.poll(() => account.faults!.list()[0]!.struck, { timeout: 10_000 }).toBe(1);
    const heir = await open();
    expect(await heir.restore(["a"])).toEqual(new Map());
    expect(await writing).toEqual({ kind: "conflict", splits: ["a"] });
    expect(await staged()).toEqual([]);
    expect(await heir.write(await rows(1), first)).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1]);
  }, 60_000);

  it("a zombie that gave its file to the pipe and its heir both find it loaded, once", async () => {
    account.server!.account.pipes.delayMs = 1500;
    const zombie = await open();
    await zombie.restore(["a", "b"]);
    const moves = ["a", "b"].map((split) => ({ split, from: null, to: at(1) }));
    const writing = zombie.write(await rows(1, 2), moves);
    await expect.poll(async () => (await states()).filter((state) => state !== null)).toHaveLength(2);
    const heir = await open();
    expect(await heir.restore(["a"])).toEqual(new Map([["a", at(1)]]));
    expect(await writing).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1, 2]);
    expect(await states()).toEqual([null, null]);
    expect(await zombie.write(await rows(3), [{ split: "a", from: at(1), to: at(2) }])).toEqual({
      kind: "conflict",
      splits: ["a"],
    });
    expect(await heir.write(await rows(4), [{ split: "a", from: at(1), to: at(2) }])).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1, 2, 4]);
  });

  it.each([1, 2])(
    "an heir does not give a loaded file to a pipe that was made anew, which has forgotten it (%i files)",
    async (files) => {
      const splits = ["a", "b"].slice(0, files);
      for (const split of splits) {
        const owner = await open();
        await owner.restore([split]);
        ours({ action: { kind: "sessionGone" }, sql: "^UPDATE", skip: 1 });
        expect(await thrown(owner.write(await rows(1), [{ split, from: null, to: at(1) }]))).toBeInstanceOf(NotConnected);
        account.faults!.clear();
      }
      const pipes = await account.query(`SHOW PIPES IN SCHEMA "${account.database}"."${account.schema}"`);
      const pipe = pipes.find((each) => String(each["name"]).startsWith(names().pipe.name));
      const name = `"${account.database}"."${account.schema}"."${pipe!["name"]}"`;
      await account.query(`CREATE OR REPLACE PIPE ${name} AS ${pipe!["definition"]}`);
      const heir = await open({}, { now: () => Date.now() + 10_000 });
      expect(await heir.restore(splits)).toEqual(new Map(splits.map((split) => [split, at(1)])));
      expect(await ids()).toEqual(splits.map(() => 1));
    },
  );

  it("an heir settles the files of several owners", async () => {
    const splits = ["a", "b", "c"];
    ours({ action: { kind: "answer", status: 503 }, path: "insertFiles", count: 3 });
    for (const [index, split] of splits.entries()) {
      const owner = await open();
      await owner.restore([split]);
      expect(await thrown(owner.write(await rows(index), [{ split, from: null, to: at(1) }]))).toBeInstanceOf(NotConnected);
    }
    const heir = await open();
    expect(await heir.restore(splits)).toEqual(new Map(splits.map((split) => [split, at(1)])));
    expect(await ids()).toEqual([0, 1, 2]);
  });

  it("removes a day later what was staged and never noted, and nothing that is pending", async () => {
    const later = { now: () => Date.now() + 1.1 * dayMs };
    const sink = await open();
    await sink.restore(["a"]);
    ours({ action: { kind: "sessionGone" }, sql: "^BEGIN" });
    expect(await thrown(sink.write(await rows(1), first))).toBeInstanceOf(NotConnected);
    expect(await staged()).toHaveLength(1);
    await open();
    expect(await staged()).toHaveLength(1);
    await open({}, later);
    expect(await staged()).toHaveLength(0);
    ours({ action: { kind: "answer", status: 503 }, path: "insertFiles" });
    expect(await thrown(sink.write(await rows(1), first))).toBeInstanceOf(NotConnected);
    await open({}, later);
    expect(await staged()).toHaveLength(1);
    const heir = await open();
    expect(await heir.restore(["a"])).toEqual(new Map([["a", at(1)]]));
    expect(await ids()).toEqual([1]);
  });

  it("lets no other way of loading take over while a file is pending", async () => {
    const sink = await open();
    await sink.restore(["a"]);
    ours({ action: { kind: "answer", status: 503 }, path: "insertFiles" });
    expect(await thrown(sink.write(await rows(1), first))).toBeInstanceOf(NotConnected);
    const copying = await place.open();
    await copying.prepare(rowColumns);
    expect(await thrown(copying.restore(["a"]))).toMatchObject({ name: "Terminal", reason: "FilePending" });
    const heir = await open();
    await heir.restore(["a"]);
    expect(await copying.restore(["a"])).toEqual(new Map([["a", at(1)]]));
    expect(await ids()).toEqual([1]);
  });

  it("keeps what streaming noted beside a position, and refuses to begin where streaming did not end", async () => {
    const note = (final: boolean): string =>
      JSON.stringify({ streaming: 1, token: '{"offset":1}', final, errors: 0, channelMs: 1, atMs: 1 });
    const sink = await open();
    await sink.restore(["a"]);
    await account.query(`UPDATE ${names().positions.sql} SET STATE = ?`, [note(false)]);
    expect(await thrown(sink.restore(["a"]))).toMatchObject({ reason: "StreamingUnfinished" });
    await account.query(`UPDATE ${names().positions.sql} SET STATE = ?`, [note(true)]);
    await sink.restore(["a"]);
    ours({ action: { kind: "answer", status: 503 }, path: "insertFiles" });
    expect(await thrown(sink.write(await rows(1), first))).toBeInstanceOf(NotConnected);
    const heir = await open();
    await heir.restore(["a"]);
    expect(await states()).toEqual([note(true)]);
    await heir.write(null, [{ split: "a", from: at(1), to: at(2) }]);
    await heir.write(await rows(2), [{ split: "a", from: at(2), to: at(3) }]);
    expect(await states()).toEqual([note(true)]);
    expect(await ids()).toEqual([1, 2]);
  });

  it("is told after two weeks to look, as the pipe may have forgotten the file, and is not given it again", async () => {
    const sink = await open();
    await sink.restore(["a"]);
    ours({ action: { kind: "answer", status: 503 }, path: "insertFiles" });
    expect(await thrown(sink.write(await rows(1), first))).toBeInstanceOf(NotConnected);
    const [state] = await states();
    const { pending, ...rest } = JSON.parse(state!) as { readonly pending: { readonly atMs: number } };
    const old = JSON.stringify({ ...rest, pending: { ...pending, atMs: pending.atMs - 13.5 * dayMs } });
    await account.query(`UPDATE ${names().positions.sql} SET STATE = ?`, [old]);
    const heir = await open();
    expect(await thrown(heir.restore(["a"]))).toMatchObject({ name: "Terminal", reason: "FileForgotten" });
    expect(await ids()).toEqual([]);
  });
});
