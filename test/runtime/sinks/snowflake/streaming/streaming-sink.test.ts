import { describe, expect, test } from "vitest";
import { BatchTooLarge, TargetChanged } from "../../../../../runtime/component/errors.ts";
import { channelName } from "../../../../../runtime/sinks/snowflake/streaming/channel-name.ts";
import { rowColumns } from "../../../../contract/sink.ts";
import { openStreaming, type OpenStreaming } from "./streaming-place.ts";
import { at, move, patient, persist, row, StreamingStage } from "./streaming-stage.ts";

const stage = new StreamingStage();

describe("Moves without rows", () => {
  test("are read with the token that they follow, and are passed over once rows follow", async () => {
    const sink = await stage.open(["a"], { limits: { moveMs: 0 } });
    await sink.write(await stage.rowsOf([row(1)]), [move("a", null, 1)]);
    await sink.write(null, [move("a", 1, 5)]);
    expect(await stage.stands("a")).toEqual({ a: at(5) });
    const next = await stage.open(["a"], { limits: { moveMs: 0 } });
    await next.write(await stage.rowsOf([row(6)]), [move("a", 5, 6)]);
    expect(await stage.stands("a")).toEqual({ a: at(6) });
    expect(await stage.ids()).toEqual([1, 6]);
  });

  test("wake the warehouse once a minute at most, and are all there when the sink ends", async () => {
    const sink = await stage.open(["a"]);
    for (let offset = 0; offset < 20; offset++) await sink.write(null, [move("a", offset === 0 ? null : offset, offset + 1)]);
    expect(stage.statementsOf("UPDATE")).toBe(1);
    await sink[Symbol.asyncDispose]();
    expect(stage.statementsOf("UPDATE")).toBe(2);
    expect(await stage.stands("a")).toEqual({ a: at(20) });
  });

  test("are there for the same sink that restores its splits", async () => {
    const sink = await stage.open(["a"]);
    await sink.write(null, [move("a", null, 1)]);
    await sink.write(null, [move("a", 1, 2)]);
    expect(await sink.restore(["a"])).toEqual(new Map([["a", at(2)]]));
  });

  test("of a former owner do not move what the heir has", async () => {
    const zombie = await stage.open(["a"], { limits: { moveMs: 0 } });
    await stage.open(["a"]);
    expect(await zombie.write(null, [move("a", null, 9)])).toEqual({ kind: "conflict", splits: ["a"] });
    expect(await stage.stands("a")).toEqual({});
  });

  test("of a split that is another pod's by now disturb nobody else's batch", async () => {
    let passedMs = 0;
    const sink = await stage.open(["a", "b"], { context: { now: () => Date.now() + passedMs } });
    await sink.write(null, [move("b", null, 1)]);
    await sink.write(null, [move("b", 1, 2)]);
    await stage.open(["b"]);
    passedMs = 61_000;
    expect(await sink.write(null, [move("a", null, 1)])).toEqual({ kind: "written" });
  });
});

test("batches of a busy split cost no statement but the first", async () => {
  const sink = await stage.open(["a"], { limits: { ownerMs: 60_000 } });
  const before = stage.server.account.queryHistory.list().length;
  for (let offset = 0; offset < 10; offset++)
    await sink.write(await stage.rowsOf([row(offset)]), [move("a", offset === 0 ? null : offset, offset + 1)]);
  expect(stage.server.account.queryHistory.list().length - before).toBe(1);
});

test("a column that is renamed under the rows is seen within a minute, and the table is prepared again", async () => {
  let passedMs = 0;
  const warned: unknown[] = [];
  const log = { ...stage.place.context.log, warn: (fields: unknown) => void warned.push(fields) };
  const sink = await stage.open(["a"], { context: { now: () => Date.now() + passedMs, log } });
  await sink.write(await stage.rowsOf([row(1)]), [move("a", null, 1)]);
  await stage.account.query(`ALTER TABLE ${stage.names.table.sql} RENAME COLUMN TEXT TO RENAMED`);
  passedMs = 61_000;
  const rows = await stage.rowsOf([row(2)]);
  await expect(sink.write(rows, [move("a", 1, 2)])).rejects.toThrow(TargetChanged);
  expect(warned).toEqual([expect.objectContaining({ table: stage.names.table.sql })]);
  expect(await stage.ids()).toEqual([1]);
});

test("of a busy split the positions table is an hour behind at most", async () => {
  const startMs = Date.now();
  let passedMs = 0;
  const sink = await stage.open(["a"], { limits: { idleMs: 400 }, context: { now: () => startMs + passedMs } });
  await sink.write(await stage.rowsOf([row(1)]), [move("a", null, 1)]);
  passedMs = 300;
  await sink.write(await stage.rowsOf([row(2)]), [move("a", 1, 2)]);
  // The note is older than the idle time, the rows are not.
  passedMs = 500;
  const inTable = async () =>
    (await stage.account.query(`SELECT "POSITION" AS P, "STATE" AS S FROM ${stage.names.positions.sql}`))[0]!;
  await expect.poll(async () => (await inTable())["P"], patient).toBe('{"offset":2}');
  expect(JSON.parse((await inTable())["S"]!)).toMatchObject({ final: false });
});

describe("A channel that expired", () => {
  const expire = async (): Promise<void> => {
    const name = channelName(stage.place.context.pipeline, "a");
    await stage.server.account.channels.drop({ pipe: stage.pipe, channel: name }, false);
  };

  test("is no loss where the sink had ended in peace: the position is in the table", async () => {
    const sink = await stage.open(["a"]);
    await sink.write(await stage.rowsOf([row(1)]), [move("a", null, 1)]);
    await sink[Symbol.asyncDispose]();
    await expire();
    const next = await stage.open(["a"]);
    expect(await next.write(await stage.rowsOf([row(2)]), [move("a", 1, 2)])).toEqual({ kind: "written" });
    expect(await stage.stands("a")).toEqual({ a: at(2) });
    expect(await stage.ids()).toEqual([1, 2]);
  });

  test("is no loss where the split was idle for an hour", async () => {
    let passedMs = 0;
    const sink = await stage.open(["a"], { limits: { idleMs: 40 }, context: { now: () => Date.now() + passedMs } });
    await sink.write(await stage.rowsOf([row(1)]), [move("a", null, 1)]);
    passedMs = 3_600_000;
    await expect.poll(() => stage.statementsOf("UPDATE"), patient).toBe(2);
    await expire();
    expect(await stage.stands("a")).toEqual({ a: at(1) });
  });

  test("stops the pipeline where nobody noted where it ended, and the message says what to do", async () => {
    const sink = await stage.open(["a"]);
    await sink.write(await stage.rowsOf([row(1)]), [move("a", null, 1)]);
    await expire();
    const next = await stage.open([]);
    await expect(next.restore(["a"])).rejects.toMatchObject({
      name: "Terminal",
      reason: "ChannelExpired",
      message: expect.stringContaining("UPDATE"),
    });
    await stage.account.query(
      `UPDATE ${stage.names.positions.sql} SET "POSITION" = '{"offset":1}', "STATE" = NULL WHERE "SPLIT" = 'a'`,
    );
    expect(await next.restore(["a"])).toEqual(new Map([["a", at(1)]]));
  });

  test("is the same with a table that was made anew", async () => {
    const sink = await stage.open(["a"]);
    await sink.write(await stage.rowsOf([row(1)]), [move("a", null, 1)]);
    await stage.account.query(`CREATE OR REPLACE TABLE ${stage.place.table} (ID NUMBER(19,0), TEXT VARCHAR)`);
    await expect((await stage.open([])).restore(["a"])).rejects.toMatchObject({ reason: "ChannelExpired" });
  });
});

describe("Rows that Snowflake rejects after it took them", () => {
  const errorLogging = () => stage.account.query(`ALTER TABLE ${stage.place.table} SET ERROR_LOGGING = TRUE`);
  const deadLetter: OpenStreaming = { load: { onRejectedRows: "deadLetter" } };

  test("stop the pipeline, with the count and the query that shows them, and stop it again at the next start", async () => {
    const sink = await stage.open(["a"]);
    stage.fault({ kind: "rejectedRows", rows: 2 });
    const writing = sink.write(await stage.rowsOf([row(1), row(2), row(3)]), [move("a", null, 3)]);
    await expect(writing).rejects.toMatchObject({
      reason: "RowsRejected",
      message: expect.stringMatching(/refused 2 rows of a.*ERROR_TABLE/),
    });
    expect(await stage.ids()).toEqual([3]);
    await expect((await stage.open([])).restore(["a"])).rejects.toMatchObject({ reason: "RowsRejected" });
  });

  test("are found in the error table by their lines, with the reason and without a value", async () => {
    await stage.open([]);
    await errorLogging();
    const sink = await stage.open(["a", "b"], deadLetter);
    stage.fault({ kind: "rejectedRows", rows: 2 }, { path: channelName(stage.place.context.pipeline, "b") });
    const rows = await stage.rowsOf([row(1), row(7, "same"), row(7, "same"), row(9)], [0, 1, 1, 1]);
    expect(await sink.write(rows, [move("a", null, 1), move("b", null, 3)])).toEqual({
      kind: "written",
      rejected: [1, 2].map((ordinal) => ({ ordinal, error: expect.stringMatching(/^the table refused a row of it/) })),
    });
    expect(await stage.ids()).toEqual([1, 9]);
    expect(await sink.write(await stage.rowsOf([row(10)]), [move("b", 3, 4)])).toEqual({ kind: "written" });
    expect(await stage.stands("b")).toEqual({ b: at(4) });
  });

  test("are told of by the write that finds out that its rows are there", async () => {
    await stage.open([]);
    await errorLogging();
    const sink = await stage.open(["a", "b"], { ...deadLetter, limits: { commitMs: 1000 } });
    stage.fault({ kind: "rejectedRows", rows: 1 }, { path: channelName(stage.place.context.pipeline, "a") });
    stage.fault({ kind: "dropBefore" }, { path: channelName(stage.place.context.pipeline, "b") });
    const moves = [move("a", null, 2), move("b", null, 1)];
    const written = await persist(sink, await stage.rowsOf([row(1), row(2), row(3)], [0, 0, 1]), moves);
    expect(written).toMatchObject({ kind: "written", rejected: [{ ordinal: 0 }] });
    expect(await stage.ids()).toEqual([2, 3]);
  });

  test("are told of by a write that is a conflict of another split, also where that is found out later", async () => {
    await stage.open([]);
    await errorLogging();
    const channelOf = (split: string) => ({ path: channelName(stage.place.context.pipeline, split) });
    const sink = await stage.open(["a", "b"], deadLetter);
    stage.fault({ kind: "rejectedRows", rows: 1 }, channelOf("a"));
    stage.fault({ kind: "staleContinuationToken" }, channelOf("b"));
    const moves = [move("a", null, 2), move("b", null, 1)];
    const rows = await stage.rowsOf([row(1), row(2), row(3)], [0, 0, 1]);
    const conflict = { kind: "conflict", splits: ["b"], rejected: [{ ordinal: 0 }] };
    expect(await sink.write(rows, moves)).toMatchObject(conflict);
    await sink.restore(["a", "b"]);
    stage.fault({ kind: "rejectedRows", rows: 1 }, channelOf("a"));
    stage.fault({ kind: "dropBefore" }, channelOf("b"));
    const next = [move("a", 2, 4), move("b", null, 1)];
    await expect(sink.write(rows, next)).rejects.toThrow("cannot be reached");
    await stage.open(["b"], deadLetter);
    expect(await sink.write(rows, next)).toMatchObject(conflict);
  });

  test("cannot become letters without an error table: said when the table is prepared, with what to do", async () => {
    await stage.open([]);
    const sink = openStreaming(stage.place, deadLetter);
    stage.opened.push(sink);
    await expect(sink.prepare(rowColumns)).rejects.toMatchObject({
      reason: "ErrorLoggingOff",
      message: expect.stringContaining("SET ERROR_LOGGING = TRUE"),
    });
  });
});

test("rows of a split that do not fit one request are too large, and nothing of the batch is sent", async () => {
  const sink = await stage.open(["a", "b"]);
  const rows = await stage.place.maker.originRows(
    `SELECT 1 AS id, string_agg(hash(i)::VARCHAR, '') AS text, 1::INTEGER AS __snowline_split, 0::INTEGER AS __snowline_ordinal FROM range(800000) AS t(i)
     UNION ALL SELECT 2, 'x', 0, 1`,
    rowColumns,
  );
  await expect(sink.write(rows, [move("a", null, 1), move("b", null, 1)])).rejects.toThrow(BatchTooLarge);
  expect(await stage.ids()).toEqual([]);
  expect(await sink.write(await stage.rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
});

test("rows go through a pipe of the owner's where the manifest names one", async () => {
  await stage.open([]);
  await stage.account.query(
    `CREATE PIPE "${stage.account.database}"."${stage.account.schema}".LINE AS COPY INTO ${stage.place.table} (ID, TEXT) FROM (SELECT $1:ID::NUMBER, $1:ID::VARCHAR FROM TABLE(DATA_SOURCE(TYPE => 'STREAMING')))`,
  );
  const sink = await stage.open(["a"], { load: { pipe: "line" } });
  expect(await sink.write(await stage.rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
  expect(await stage.account.query(`SELECT TEXT FROM ${stage.place.table}`)).toEqual([{ TEXT: "1" }]);
});

test("workload identity is refused before anything is sent, with what to use instead", () => {
  const snowflake = { url: stage.server.url, auth: { workloadIdentity: { tokenPath: "/none" } } };
  expect(() => openStreaming(stage.place, { context: { connection: () => ({ snowflake }) } })).toThrow(
    /takes no workload identity.*load\.copy/,
  );
});

describe("A pipeline whose load is changed", () => {
  const copy = () => stage.place.open();

  test("from streaming to copy and back goes on where it stood, once streaming was stopped in peace", async () => {
    const streamed = await stage.open(["a"]);
    await streamed.write(await stage.rowsOf([row(1)]), [move("a", null, 1)]);
    await streamed[Symbol.asyncDispose]();
    const copied = await copy();
    await copied.prepare(rowColumns);
    expect(await copied.restore(["a"])).toEqual(new Map([["a", at(1)]]));
    await copied.write(await stage.rowsOf([row(2)]), [move("a", 1, 2)]);
    const again = await stage.open(["a"]);
    expect(await again.write(await stage.rowsOf([row(3)]), [move("a", 2, 3)])).toEqual({ kind: "written" });
    expect(await stage.ids()).toEqual([1, 2, 3]);
  });

  test.each([
    ["copy", {}],
    ["snowpipe", { load: { snowpipe: { everySeconds: 1, upToBytes: "1Mi", upToRows: 1000, autoIngest: false } } }],
  ] as const)(
    "is not read again by %s where streaming did not end in peace, and the message says what to do",
    async (_name, changes) => {
      const streamed = await stage.open(["a"]);
      await streamed.write(await stage.rowsOf([row(1)]), [move("a", null, 1)]);
      const other = await stage.place.open(changes);
      await expect(other.restore(["a"])).rejects.toMatchObject({
        reason: "StreamingUnfinished",
        message: expect.stringContaining("set load back to streaming"),
      });
    },
  );
});
