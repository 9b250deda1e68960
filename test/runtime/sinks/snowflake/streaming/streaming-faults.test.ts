import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { NotConnected, Terminal } from "../../../../../runtime/component/errors.ts";
import { channelName } from "../../../../../runtime/sinks/snowflake/streaming/channel-name.ts";
import { rowColumns } from "../../../../contract/sink.ts";
import { openStreaming } from "./streaming-place.ts";
import { at, move, patient, persist, row, StreamingStage } from "./streaming-stage.ts";

const stage = new StreamingStage();

describe("A commit that is not there at once", () => {
  test("is waited for, and the write is answered only then", async () => {
    const sink = await stage.open(["a"]);
    stage.server.account.channels.commitMs = 150;
    const writing = sink.write(await stage.rowsOf([row(1)]), [move("a", null, 1)]);
    await setTimeout(50);
    expect(await stage.ids()).toEqual([]);
    expect(await writing).toEqual({ kind: "written" });
    expect(await stage.ids()).toEqual([1]);
  });

  test("is given up after a deadline of ours; the repeated write opens the channel again and loads once", async () => {
    const sink = await stage.open(["a"], { limits: { commitMs: 1000 } });
    stage.fault({ kind: "delayedCommit", ms: 1_000_000 });
    const moves = [move("a", null, 1)];
    const rows = await stage.rowsOf([row(1)]);
    await expect(sink.write(rows, moves)).rejects.toThrow("not committed after");
    expect(await persist(sink, rows, moves)).toEqual({ kind: "written" });
    expect(await stage.ids()).toEqual([1]);
  });

  test("is given up when the rows are lost: they are sent again", async () => {
    const sink = await stage.open(["a"]);
    stage.fault({ kind: "lostCommit" });
    expect(await persist(sink, await stage.rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
    expect(await stage.ids()).toEqual([1]);
  });
});

test("a sink that ends while it waits for a commit ends at once, and the next one finds out what became of the rows", async () => {
  const sink = await stage.open(["a"], { limits: { commitMs: 600_000, ownerMs: 600_000 } });
  stage.fault({ kind: "delayedCommit", ms: 1_000_000 });
  const rows = await stage.rowsOf([row(1)]);
  const writing = sink.write(rows, [move("a", null, 1)]);
  await expect.poll(() => stage.struck(), patient).toBe(1);
  await Promise.all([expect(writing).rejects.toThrow(NotConnected), sink[Symbol.asyncDispose]()]);
  const next = await stage.open(["a"]);
  expect(await next.write(rows, [move("a", null, 1)])).toEqual({ kind: "written" });
  expect(await stage.ids()).toEqual([1]);
});

describe("An append whose answer is lost", () => {
  test.each(["dropBefore", "dropAfter"] as const)(
    "(%s) is found out about by the channel's token, and loads once",
    async (kind) => {
      const sink = await stage.open(["a", "b"]);
      stage.fault({ kind });
      const moves = [move("a", null, 1), move("b", null, 1)];
      expect(await persist(sink, await stage.rowsOf([row(1), row(2)], [0, 1]), moves)).toEqual({ kind: "written" });
      expect(await stage.ids()).toEqual([1, 2]);
      expect(await stage.stands("a", "b")).toEqual({ a: at(1), b: at(1) });
    },
  );

  test("is a conflict where another owner has taken over meanwhile", async () => {
    const zombie = await stage.open(["a"]);
    stage.fault({ kind: "dropBefore" });
    const rows = await stage.rowsOf([row(1)]);
    await expect(zombie.write(rows, [move("a", null, 1)])).rejects.toThrow(NotConnected);
    const heir = await stage.open(["a"]);
    expect(await zombie.write(rows, [move("a", null, 1)])).toEqual({ kind: "conflict", splits: ["a"] });
    expect(await heir.write(rows, [move("a", null, 1)])).toEqual({ kind: "written" });
    expect(await stage.ids()).toEqual([1]);
  });
});

test.each([408, 500, 503] as const)("an answer %i is tried again and loads once", async (status) => {
  const sink = await stage.open(["a"]);
  stage.fault({ kind: "answer", status });
  expect(await persist(sink, await stage.rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
  expect(await stage.ids()).toEqual([1]);
});

test("too many requests are slowed down for, within the write", async () => {
  const sink = await stage.open(["a"]);
  stage.fault({ kind: "throttle" }, { count: 3 });
  expect(await sink.write(await stage.rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
  expect(await stage.ids()).toEqual([1]);
});

test("a stale continuation token is a conflict of that split alone", async () => {
  const sink = await stage.open(["a", "b"]);
  stage.fault({ kind: "staleContinuationToken" }, { path: channelName(stage.place.context.pipeline, "a") });
  const moves = [move("a", null, 1), move("b", null, 1)];
  expect(await sink.write(await stage.rowsOf([row(1), row(2)], [0, 1]), moves)).toEqual({ kind: "conflict", splits: ["a"] });
  expect(await sink.restore(["a", "b"])).toEqual(new Map([["b", at(1)]]));
  expect(await sink.write(await stage.rowsOf([row(1)]), [moves[0]!])).toEqual({ kind: "written" });
  expect(await stage.ids()).toEqual([1, 2]);
});

test("of two that take a split over at the same time, one owns both its row and its channel", async () => {
  const [slow, quick] = [openStreaming(stage.place), openStreaming(stage.place)];
  stage.opened.push(slow, quick);
  for (const sink of [slow, quick]) await sink.prepare(rowColumns);
  stage.fault({ kind: "delayBefore", ms: 1000 }, { path: "^PUT /v2/streaming/" });
  const restoring = slow.restore(["a"]);
  await expect.poll(() => stage.struck(), patient).toBe(1);
  await quick.restore(["a"]);
  await restoring;
  const rows = await stage.rowsOf([row(1)]);
  const written = await Promise.all([slow, quick].map((sink) => sink.write(rows, [move("a", null, 1)])));
  expect(written.map(({ kind }) => kind)).toEqual(["written", "conflict"]);
  expect(await stage.ids()).toEqual([1]);
});

test("a channel that has become invalid is opened again", async () => {
  const sink = await stage.open(["a"]);
  stage.fault({ kind: "channelInvalidated" });
  expect(await persist(sink, await stage.rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
  expect(await stage.ids()).toEqual([1]);
});

test("an expired scoped token is got anew within the call", async () => {
  const { tokens } = stage.server.account.channels;
  tokens.validMs = -1;
  const sink = openStreaming(stage.place);
  stage.opened.push(sink);
  await sink.prepare(rowColumns);
  await expect(sink.restore(["a"])).rejects.toThrow(Terminal);
  tokens.validMs = 3_600_000;
  await sink.restore(["a"]);
  expect(await sink.write(await stage.rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
});

test("an owner that was fenced off while it waits for its commit learns it soon", async () => {
  const zombie = await stage.open(["a"], { limits: { commitMs: 60_000, ownerMs: 50 } });
  stage.fault({ kind: "delayedCommit", ms: 1_000_000 });
  const writing = zombie.write(await stage.rowsOf([row(1)]), [move("a", null, 1)]);
  await expect.poll(() => stage.struck(), patient).toBe(1);
  const heir = await stage.open(["a"]);
  expect(await writing).toEqual({ kind: "conflict", splits: ["a"] });
  expect(await heir.write(await stage.rowsOf([row(1)]), [move("a", null, 1)])).toEqual({ kind: "written" });
  expect(await stage.ids()).toEqual([1]);
});

test("a channel that was made anew after its first rows, whose answer was lost: nobody knows of them, and they are not sent again", async () => {
  const sink = await stage.open(["a"]);
  stage.fault({ kind: "dropAfter" });
  const rows = await stage.rowsOf([row(1)]);
  await expect(sink.write(rows, [move("a", null, 1)])).rejects.toThrow(NotConnected);
  await expect.poll(() => stage.ids(), patient).toEqual([1]);
  const name = channelName(stage.place.context.pipeline, "a");
  await stage.server.account.channels.drop({ pipe: stage.pipe, channel: name }, false);
  expect(await persist(sink, rows, [move("a", null, 1)])).toEqual({ kind: "conflict", splits: ["a"] });
  await expect(sink.restore(["a"])).rejects.toMatchObject({ reason: "ChannelExpired" });
  expect(await stage.ids()).toEqual([1]);
});

describe("A note of an idle split whose answer is lost", () => {
  /** A sink whose table says by now that nothing will follow, without its knowing. */
  async function noted() {
    const startMs = Date.now();
    const isIdle = () => stage.account.faults!.list()[1]?.struck === 0;
    const now = () => startMs + (isIdle() ? 100_000 : 0);
    const sink = await stage.open(["a"], { limits: { idleMs: 40 }, context: { now } });
    await sink.write(await stage.rowsOf([row(1)]), [move("a", null, 1)]);
    // The driver asks again with the same request id; then the session is gone.
    stage.account.faults!.add({ action: { kind: "dropAfter" }, sql: "^UPDATE" });
    stage.account.faults!.add({ action: { kind: "sessionGone" }, sql: "^UPDATE", skip: 1 });
    await expect.poll(() => stage.account.faults!.list()[1]?.struck, patient).toBe(1);
    stage.account.faults!.clear();
    await sink.write(await stage.rowsOf([row(2)]), [move("a", 1, 2)]);
    return sink;
  }

  test("is taken back before rows follow, so that no other way of loading reads them again", async () => {
    await noted();
    const copied = await stage.place.open();
    await expect(copied.restore(["a"])).rejects.toMatchObject({ reason: "StreamingUnfinished" });
  }, 30_000);

  test("does not keep later ones from being written", async () => {
    const sink = await noted();
    await sink[Symbol.asyncDispose]();
    const copied = await stage.place.open();
    expect(await copied.restore(["a"])).toEqual(new Map([["a", at(2)]]));
  }, 30_000);
});

test("a statement that Snowflake refuses stops the pipeline with a reason: the positions table is gone", async () => {
  const sink = await stage.open(["a"]);
  await stage.account.query(`DROP TABLE ${stage.names.positions.sql}`);
  const refused = await sink.write(null, [move("a", null, 1)]).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Terminal);
  expect(refused).toMatchObject({ reason: "PrivilegeMissing" });
});
