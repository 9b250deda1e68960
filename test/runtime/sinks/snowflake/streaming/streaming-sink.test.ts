import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BatchTooLarge, NotConnected, Terminal } from "../../../../../runtime/component/errors.ts";
import type { Move, Position } from "../../../../../runtime/component/position.ts";
import type { Sink } from "../../../../../runtime/component/sink.ts";
import { channelName } from "../../../../../runtime/sinks/snowflake/streaming/channel-name.ts";
import { sinkNames } from "../../../../../runtime/sinks/snowflake/sink-names.ts";
import type { Rows } from "../../../../../transform/rows.ts";
import type { FaultRule } from "../../../../../warehouse/faults.ts";
import type { RunningWarehouse } from "../../../../../warehouse/start-warehouse.ts";
import { type Row, rowColumns } from "../../../../contract/sink.ts";
import { openTestAccount, type TestAccount } from "../../../../snowflake/open-test-account.ts";
import { originValues } from "../../rows-file.ts";
import { openPlace, type Place } from "../snowflake-place.ts";
import { openStreaming, type OpenStreaming } from "./streaming-place.ts";

/** The machine may be busy. */
const patient = { timeout: 10_000 };

// What only our server can be told to do: it delays, refuses and loses.
let account: TestAccount;
let server: RunningWarehouse;
let place: Place;
const opened: Sink[] = [];

beforeAll(async () => {
  account = await openTestAccount();
  server = account.server!;
});
afterAll(() => account[Symbol.asyncDispose]());
beforeEach(async () => {
  place = await openPlace(account);
});
afterEach(async () => {
  account.faults!.clear();
  server.account.channels.commitMs = 0;
  server.account.channels.throttle.requestsPerSecond = null;
  for (const sink of opened.splice(0)) await sink[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

const at = (offset: number): Position => ({ offset });
const row = (id: number, text = `row ${id}`): Row => ({ id, text });
const move = (split: string, from: number | null, to: number): Move => ({
  split,
  from: from === null ? null : at(from),
  to: at(to),
});
const rowsOf = (rows: readonly Row[], splits?: readonly number[]): Promise<Rows> =>
  place.maker.originRows(originValues(rows, splits), rowColumns);
const fault = (action: FaultRule["action"], more: Omit<FaultRule, "action"> = {}): void =>
  account.faults!.add({ action, path: "^POST /v2/streaming/data/", ...more });

async function open(splits: readonly string[], options?: OpenStreaming): Promise<Sink> {
  const sink = openStreaming(place, options);
  opened.push(sink);
  await sink.prepare(rowColumns);
  await sink.restore(splits);
  return sink;
}
const ids = async (): Promise<readonly number[]> =>
  (await account.query(`SELECT ID FROM ${place.table} ORDER BY ID`)).map((found) => Number(found["ID"]));
const stands = async (...splits: readonly string[]) => Object.fromEntries(await (await open([])).restore(splits));
/** As the engine does it. */
async function persist(sink: Sink, rows: Rows | null, moves: readonly Move[]): Promise<Awaited<ReturnType<Sink["write"]>>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await sink.write(rows, moves);
    } catch (error) {
      if (!(error instanceof NotConnected) || attempt === 5) throw error;
      await setTimeout(5);
    }
  }
}
const statementsOf = (word: string): number =>
  server.account.queryHistory.list().filter(({ queryText }) => queryText.startsWith(word) && queryText.includes(positions().name))
    .length;
const positions = () => sinkNames(place.spec(), place.context.pipeline).positions;

describe("A commit that is not there at once", () => {
  test("is waited for, and the write is answered only then", async () => {
    const sink = await open(["a"]);
    server.account.channels.commitMs = 150;
    const writing = sink.write(await rowsOf([row(1)]), [move("a", null, 1)]);
    await setTimeout(50);
    expect(await ids()).toEqual([]);
    expect(await writing).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1]);
  });

  test("is given up after a deadline of ours; the repeated write opens the channel again and loads once", async () => {
    const sink = await open(["a"], { limits: { commitMs: 1000 } });
    fault({ kind: "delayedCommit", ms: 1_000_000 });
    const moves = [move("a", null, 1)];
    const rows = await rowsOf([row(1)]);
    await expect(sink.write(rows, moves)).rejects.toThrow("not committed after");
    expect(await persist(sink, rows, moves)).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1]);
  });

  test("is given up when the rows are lost: they are sent again", async () => {
    const sink = await open(["a"]);
    fault({ kind: "lostCommit" });
    expect(await persist(sink, await rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1]);
  });
});

test("a sink that ends while it waits for a commit ends at once, and the next one finds out what became of the rows", async () => {
  const sink = await open(["a"], { limits: { commitMs: 600_000, ownerMs: 600_000 } });
  fault({ kind: "delayedCommit", ms: 1_000_000 });
  const rows = await rowsOf([row(1)]);
  const writing = sink.write(rows, [move("a", null, 1)]);
  await expect.poll(() => account.faults!.list()[0]?.struck, patient).toBe(1);
  await Promise.all([expect(writing).rejects.toThrow(NotConnected), sink[Symbol.asyncDispose]()]);
  const next = await open(["a"]);
  expect(await next.write(rows, [move("a", null, 1)])).toEqual({ kind: "written" });
  expect(await ids()).toEqual([1]);
});

describe("An append whose answer is lost", () => {
  test.each(["dropBefore", "dropAfter"] as const)(
    "(%s) is found out about by the channel's token, and loads once",
    async (kind) => {
      const sink = await open(["a", "b"]);
      fault({ kind });
      const moves = [move("a", null, 1), move("b", null, 1)];
      expect(await persist(sink, await rowsOf([row(1), row(2)], [0, 1]), moves)).toEqual({ kind: "written" });
      expect(await ids()).toEqual([1, 2]);
      expect(await stands("a", "b")).toEqual({ a: at(1), b: at(1) });
    },
  );

  test("is a conflict where another owner has taken over meanwhile", async () => {
    const zombie = await open(["a"]);
    fault({ kind: "dropBefore" });
    const rows = await rowsOf([row(1)]);
    await expect(zombie.write(rows, [move("a", null, 1)])).rejects.toThrow(NotConnected);
    const heir = await open(["a"]);
    expect(await zombie.write(rows, [move("a", null, 1)])).toEqual({ kind: "conflict", splits: ["a"] });
    expect(await heir.write(rows, [move("a", null, 1)])).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1]);
  });
});

test.each([408, 500, 503] as const)("an answer %i is tried again and loads once", async (status) => {
  const sink = await open(["a"]);
  fault({ kind: "answer", status });
  expect(await persist(sink, await rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
  expect(await ids()).toEqual([1]);
});

test("too many requests are slowed down for, within the write", async () => {
  const sink = await open(["a"]);
  fault({ kind: "throttle" }, { count: 3 });
  expect(await sink.write(await rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
  expect(await ids()).toEqual([1]);
});

test("a stale continuation token is a conflict of that split alone", async () => {
  const sink = await open(["a", "b"]);
  fault({ kind: "staleContinuationToken" }, { path: channelName(place.context.pipeline, "a") });
  const moves = [move("a", null, 1), move("b", null, 1)];
  expect(await sink.write(await rowsOf([row(1), row(2)], [0, 1]), moves)).toEqual({ kind: "conflict", splits: ["a"] });
  expect(await sink.restore(["a", "b"])).toEqual(new Map([["b", at(1)]]));
  expect(await sink.write(await rowsOf([row(1)]), [moves[0]!])).toEqual({ kind: "written" });
  expect(await ids()).toEqual([1, 2]);
});

test("of two that take a split over at the same time, one owns both its row and its channel", async () => {
  const [slow, quick] = [openStreaming(place), openStreaming(place)];
  opened.push(slow, quick);
  for (const sink of [slow, quick]) await sink.prepare(rowColumns);
  fault({ kind: "delayBefore", ms: 1000 }, { path: "^PUT /v2/streaming/" });
  const restoring = slow.restore(["a"]);
  await expect.poll(() => account.faults!.list()[0]?.struck, patient).toBe(1);
  await quick.restore(["a"]);
  await restoring;
  const rows = await rowsOf([row(1)]);
  const written = await Promise.all([slow, quick].map((sink) => sink.write(rows, [move("a", null, 1)])));
  expect(written.map(({ kind }) => kind)).toEqual(["written", "conflict"]);
  expect(await ids()).toEqual([1]);
});

test("a channel that has become invalid is opened again", async () => {
  const sink = await open(["a"]);
  fault({ kind: "channelInvalidated" });
  expect(await persist(sink, await rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
  expect(await ids()).toEqual([1]);
});

test("an expired scoped token is got anew within the call", async () => {
  const { tokens } = server.account.channels;
  tokens.validMs = -1;
  const sink = openStreaming(place);
  opened.push(sink);
  await sink.prepare(rowColumns);
  await expect(sink.restore(["a"])).rejects.toThrow(Terminal);
  tokens.validMs = 3_600_000;
  await sink.restore(["a"]);
  expect(await sink.write(await rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
});

test("an owner that was fenced off while it waits for its commit learns it soon", async () => {
  const zombie = await open(["a"], { limits: { commitMs: 60_000, ownerMs: 50 } });
  fault({ kind: "delayedCommit", ms: 1_000_000 });
  const writing = zombie.write(await rowsOf([row(1)]), [move("a", null, 1)]);
  await expect.poll(() => account.faults!.list()[0]?.struck, patient).toBe(1);
  const heir = await open(["a"]);
  expect(await writing).toEqual({ kind: "conflict", splits: ["a"] });
  expect(await heir.write(await rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
  expect(await ids()).toEqual([1]);
});
const pipe = () => ({
  database: account.database,
  schema: account.schema,
  name: `${sinkNames(place.spec(), place.context.pipeline).table.name}-STREAMING`,
});

describe("Moves without rows", () => {
  test("are read with the token that they follow, and are passed over once rows follow", async () => {
    const sink = await open(["a"], { limits: { moveMs: 0 } });
    await sink.write(await rowsOf([row(1)]), [move("a", null, 1)]);
    await sink.write(null, [move("a", 1, 5)]);
    expect(await stands("a")).toEqual({ a: at(5) });
    const next = await open(["a"], { limits: { moveMs: 0 } });
    await next.write(await rowsOf([row(6)]), [move("a", 5, 6)]);
    expect(await stands("a")).toEqual({ a: at(6) });
    expect(await ids()).toEqual([1, 6]);
  });

  test("wake the warehouse once a minute at most, and are all there when the sink ends", async () => {
    const sink = await open(["a"]);
    for (let offset = 0; offset < 20; offset++) await sink.write(null, [move("a", offset === 0 ? null : offset, offset + 1)]);
    expect(statementsOf("UPDATE")).toBe(1);
    await sink[Symbol.asyncDispose]();
    expect(statementsOf("UPDATE")).toBe(2);
    expect(await stands("a")).toEqual({ a: at(20) });
  });

  test("are there for the same sink that restores its splits", async () => {
    const sink = await open(["a"]);
    await sink.write(null, [move("a", null, 1)]);
    await sink.write(null, [move("a", 1, 2)]);
    expect(await sink.restore(["a"])).toEqual(new Map([["a", at(2)]]));
  });

  test("of a former owner do not move what the heir has", async () => {
    const zombie = await open(["a"], { limits: { moveMs: 0 } });
    await open(["a"]);
    expect(await zombie.write(null, [move("a", null, 9)])).toEqual({ kind: "conflict", splits: ["a"] });
    expect(await stands("a")).toEqual({});
  });
});

test("batches of a busy split cost no statement but the first", async () => {
  const sink = await open(["a"], { limits: { ownerMs: 60_000 } });
  const before = server.account.queryHistory.list().length;
  for (let offset = 0; offset < 10; offset++)
    await sink.write(await rowsOf([row(offset)]), [move("a", offset === 0 ? null : offset, offset + 1)]);
  expect(server.account.queryHistory.list().length - before).toBe(1);
});

test("of a busy split the positions table is an hour behind at most", async () => {
  const startMs = Date.now();
  let passedMs = 0;
  const sink = await open(["a"], { limits: { idleMs: 400 }, context: { now: () => startMs + passedMs } });
  await sink.write(await rowsOf([row(1)]), [move("a", null, 1)]);
  passedMs = 300;
  await sink.write(await rowsOf([row(2)]), [move("a", 1, 2)]);
  // The note is older than the idle time, the rows are not.
  passedMs = 500;
  const inTable = async () => (await account.query(`SELECT "POSITION" AS P, "STATE" AS S FROM ${positions().sql}`))[0]!;
  await expect.poll(async () => (await inTable())["P"], patient).toBe('{"offset":2}');
  expect(JSON.parse((await inTable())["S"]!)).toMatchObject({ final: false });
});

describe("A channel that expired", () => {
  const expire = async (): Promise<void> => {
    const name = channelName(place.context.pipeline, "a");
    await server.account.channels.drop({ pipe: pipe(), channel: name }, false);
  };

  test("is no loss where the sink had ended in peace: the position is in the table", async () => {
    const sink = await open(["a"]);
    await sink.write(await rowsOf([row(1)]), [move("a", null, 1)]);
    await sink[Symbol.asyncDispose]();
    await expire();
    const next = await open(["a"]);
    expect(await next.write(await rowsOf([row(2)]), [move("a", 1, 2)])).toEqual({ kind: "written" });
    expect(await stands("a")).toEqual({ a: at(2) });
    expect(await ids()).toEqual([1, 2]);
  });

  test("is no loss where the split was idle for an hour", async () => {
    let passedMs = 0;
    const sink = await open(["a"], { limits: { idleMs: 40 }, context: { now: () => Date.now() + passedMs } });
    await sink.write(await rowsOf([row(1)]), [move("a", null, 1)]);
    passedMs = 3_600_000;
    await expect.poll(() => statementsOf("UPDATE"), patient).toBe(2);
    await expire();
    expect(await stands("a")).toEqual({ a: at(1) });
  });

  test("stops the pipeline where nobody noted where it ended, and the message says what to do", async () => {
    const sink = await open(["a"]);
    await sink.write(await rowsOf([row(1)]), [move("a", null, 1)]);
    await expire();
    const next = await open([]);
    await expect(next.restore(["a"])).rejects.toMatchObject({
      name: "Terminal",
      reason: "ChannelExpired",
      message: expect.stringContaining("UPDATE"),
    });
    await account.query(`UPDATE ${positions().sql} SET "POSITION" = '{"offset":1}', "STATE" = NULL WHERE "SPLIT" = 'a'`);
    expect(await next.restore(["a"])).toEqual(new Map([["a", at(1)]]));
  });

  test("is the same with a table that was made anew", async () => {
    const sink = await open(["a"]);
    await sink.write(await rowsOf([row(1)]), [move("a", null, 1)]);
    await account.query(`CREATE OR REPLACE TABLE ${place.table} (ID NUMBER(19,0), TEXT VARCHAR)`);
    await expect((await open([])).restore(["a"])).rejects.toMatchObject({ reason: "ChannelExpired" });
  });
});

describe("Rows that Snowflake rejects after it took them", () => {
  const errorLogging = () => account.query(`ALTER TABLE ${place.table} SET ERROR_LOGGING = TRUE`);
  const deadLetter: OpenStreaming = { load: { onRejectedRows: "deadLetter" } };

  test("stop the pipeline, with the count and the query that shows them, and stop it again at the next start", async () => {
    const sink = await open(["a"]);
    fault({ kind: "rejectedRows", rows: 2 });
    const writing = sink.write(await rowsOf([row(1), row(2), row(3)]), [move("a", null, 3)]);
    await expect(writing).rejects.toMatchObject({
      reason: "RowsRejected",
      message: expect.stringMatching(/refused 2 rows of a.*ERROR_TABLE/),
    });
    expect(await ids()).toEqual([3]);
    await expect((await open([])).restore(["a"])).rejects.toMatchObject({ reason: "RowsRejected" });
  });

  test("are found in the error table by their lines, with the reason and without a value", async () => {
    await open([]);
    await errorLogging();
    const sink = await open(["a", "b"], deadLetter);
    fault({ kind: "rejectedRows", rows: 2 }, { path: channelName(place.context.pipeline, "b") });
    const rows = await rowsOf([row(1), row(7, "same"), row(7, "same"), row(9)], [0, 1, 1, 1]);
    expect(await sink.write(rows, [move("a", null, 1), move("b", null, 3)])).toEqual({
      kind: "written",
      rejected: [1, 2].map((ordinal) => ({ ordinal, error: expect.stringMatching(/^the table refused a row of it/) })),
    });
    expect(await ids()).toEqual([1, 9]);
    expect(await sink.write(await rowsOf([row(10)]), [move("b", 3, 4)])).toEqual({ kind: "written" });
    expect(await stands("b")).toEqual({ b: at(4) });
  });

  test("are told of by the write that finds out that its rows are there", async () => {
    await open([]);
    await errorLogging();
    const sink = await open(["a", "b"], { ...deadLetter, limits: { commitMs: 1000 } });
    fault({ kind: "rejectedRows", rows: 1 }, { path: channelName(place.context.pipeline, "a") });
    fault({ kind: "dropBefore" }, { path: channelName(place.context.pipeline, "b") });
    const moves = [move("a", null, 2), move("b", null, 1)];
    const written = await persist(sink, await rowsOf([row(1), row(2), row(3)], [0, 0, 1]), moves);
    expect(written).toMatchObject({ kind: "written", rejected: [{ ordinal: 0 }] });
    expect(await ids()).toEqual([2, 3]);
  });

  test("cannot become letters without an error table: said when the table is prepared, with what to do", async () => {
    await open([]);
    const sink = openStreaming(place, deadLetter);
    opened.push(sink);
    await expect(sink.prepare(rowColumns)).rejects.toMatchObject({
      reason: "ErrorLoggingOff",
      message: expect.stringContaining("SET ERROR_LOGGING = TRUE"),
    });
  });
});

test("rows of a split that do not fit one request are too large, and nothing of the batch is sent", async () => {
  const sink = await open(["a", "b"]);
  const rows = await place.maker.originRows(
    `SELECT 1 AS id, string_agg(hash(i)::VARCHAR, '') AS text, 1::INTEGER AS __snowline_split, 0::INTEGER AS __snowline_ordinal FROM range(800000) AS t(i)
     UNION ALL SELECT 2, 'x', 0, 1`,
    rowColumns,
  );
  await expect(sink.write(rows, [move("a", null, 1), move("b", null, 1)])).rejects.toThrow(BatchTooLarge);
  expect(await ids()).toEqual([]);
  expect(await sink.write(await rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
});

test("rows go through a pipe of the owner's where the manifest names one", async () => {
  await open([]);
  await account.query(
    `CREATE PIPE "${account.database}"."${account.schema}".LINE AS COPY INTO ${place.table} (ID, TEXT) FROM (SELECT $1:ID::NUMBER, $1:ID::VARCHAR FROM TABLE(DATA_SOURCE(TYPE => 'STREAMING')))`,
  );
  const sink = await open(["a"], { load: { pipe: "line" } });
  expect(await sink.write(await rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
  expect(await account.query(`SELECT TEXT FROM ${place.table}`)).toEqual([{ TEXT: "1" }]);
});

test("workload identity is refused before anything is sent, with what to use instead", () => {
  const snowflake = { url: server.url, auth: { workloadIdentity: { tokenPath: "/none" } } };
  expect(() => openStreaming(place, { context: { connection: () => ({ snowflake }) } })).toThrow(
    /takes no workload identity.*load\.copy/,
  );
});

describe("A pipeline whose load is changed", () => {
  const copy = () => place.open();

  test("from streaming to copy and back goes on where it stood, once streaming was stopped in peace", async () => {
    const streamed = await open(["a"]);
    await streamed.write(await rowsOf([row(1)]), [move("a", null, 1)]);
    await streamed[Symbol.asyncDispose]();
    const copied = await copy();
    await copied.prepare(rowColumns);
    expect(await copied.restore(["a"])).toEqual(new Map([["a", at(1)]]));
    await copied.write(await rowsOf([row(2)]), [move("a", 1, 2)]);
    const again = await open(["a"]);
    expect(await again.write(await rowsOf([row(3)]), [move("a", 2, 3)])).toEqual({ kind: "written" });
    expect(await ids()).toEqual([1, 2, 3]);
  });

  test.each([
    ["copy", {}],
    ["snowpipe", { load: { snowpipe: { everySeconds: 1, upToBytes: "1Mi", upToRows: 1000, autoIngest: false } } }],
  ] as const)(
    "is not read again by %s where streaming did not end in peace, and the message says what to do",
    async (_name, changes) => {
      const streamed = await open(["a"]);
      await streamed.write(await rowsOf([row(1)]), [move("a", null, 1)]);
      const other = await place.open(changes);
      await expect(other.restore(["a"])).rejects.toMatchObject({
        reason: "StreamingUnfinished",
        message: expect.stringContaining("set load back to streaming"),
      });
    },
  );
});
