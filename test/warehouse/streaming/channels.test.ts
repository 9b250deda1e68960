import { afterEach, beforeEach, expect, test } from "vitest";
import type { AppendRequest, Channels } from "../../../warehouse/streaming/channels.ts";
import { errorTableQuery } from "../../../warehouse/streaming/error-rows.ts";
import { BadRequest } from "../../../warehouse/http/route.ts";
import { channelOf, committed, type OpenChannels, openChannels, table } from "./open-channels.ts";

/** The machine may be busy. */
const patient = { timeout: 10_000 };

let opened: OpenChannels;
let channels: Channels;
const key = channelOf("c");
const anew = { offsetToken: null, failOnUncommitted: false };

beforeEach(async () => {
  opened = await openChannels({ errorLogging: true });
  channels = opened.channels;
});
afterEach(() => opened[Symbol.asyncDispose]());

const append = (
  continuationToken: string | null,
  endOffsetToken: string,
  ids: readonly unknown[],
  more: Partial<AppendRequest> = {},
) =>
  channels.append(more.path === "other" ? channelOf("other") : key, {
    continuationToken,
    startOffsetToken: null,
    endOffsetToken,
    lines: ids.map((ID) => JSON.stringify({ ID })).join("\n"),
    path: "POST /rows",
    ...more,
  });
const statusOf = () => channels.statuses(key.pipe, ["c"]).get("c");
const codeOf = async (call: () => unknown): Promise<string> => {
  try {
    await call();
  } catch (error) {
    if (error instanceof BadRequest) return `${error.status} ${error.code}`;
    throw error;
  }
  return "none";
};

test("a new channel has no token; rows become visible with theirs, in order", async () => {
  const { state, token } = await channels.openChannel(key, anew);
  expect(state).toMatchObject({ statusCode: "SUCCESS", committedToken: null, rowsErrors: 0 });
  const next = append(append(token, "1", [1, 2]), "2", [3]);
  await committed(channels, key, "2");
  expect(await opened.rows()).toEqual(["1", "2", "3"]);
  expect(statusOf()).toMatchObject({ rowsInserted: 3, rowsParsed: 3 });
  append(next, "3", [4]);
  await committed(channels, key, "3");
});

test("what is taken is not visible until its commit is due", async () => {
  channels.commitMs = 100_000;
  const { token } = await channels.openChannel(key, anew);
  append(token, "1", [1]);
  expect(statusOf()?.committedToken).toBeNull();
  expect(await opened.rows()).toEqual([]);
});

test("opening again fences the former owner and drops what is not committed, but keeps the token and the counts", async () => {
  const first = await channels.openChannel(key, anew);
  const next = append(first.token, "1", [1, "bad"]);
  await committed(channels, key, "1");
  channels.commitMs = 100_000;
  const lost = append(next, "2", [2]);
  const second = await channels.openChannel(key, anew);
  expect(second.state).toMatchObject({ committedToken: "1", rowsErrors: 1 });
  expect(await codeOf(() => append(lost, "3", [3]))).toBe("400 STALE_CONTINUATION_TOKEN_SEQUENCER");
  channels.commitMs = 0;
  append(second.token, "2", [20]);
  await committed(channels, key, "2");
  expect(await opened.rows()).toEqual(["1", "20"]);
});

test("a continuation token is good for one append", async () => {
  const { token } = await channels.openChannel(key, anew);
  append(token, "1", [1]);
  expect(await codeOf(() => append(token, "1", [1]))).toBe("400 STALE_CONTINUATION_TOKEN_SEQUENCER");
  expect(await codeOf(() => append(null, "1", [1]))).toBe("400 STALE_CONTINUATION_TOKEN_SEQUENCER");
  expect(await codeOf(() => append("bm9uZQ", "1", [1]))).toBe("400 STALE_CONTINUATION_TOKEN_SEQUENCER");
  const gap = Buffer.from("1:7").toString("base64url");
  expect(await codeOf(() => append(gap, "1", [1]))).toBe("409 ERR_CHANNEL_MUST_BE_REOPENED_DUE_TO_ROW_SEQ_GAP");
});

test("opening may be refused where rows are not committed", async () => {
  channels.commitMs = 100_000;
  const { token } = await channels.openChannel(key, anew);
  append(token, "1", [1]);
  const careful = { offsetToken: null, failOnUncommitted: true };
  expect(await codeOf(() => channels.openChannel(key, careful))).toBe("409 ERR_CHANNEL_HAS_UNCOMMITTED_DATA");
  expect(await codeOf(() => channels.drop(key, true))).toBe("409 ERR_CHANNEL_HAS_UNCOMMITTED_DATA");
});

test("two clients that open a channel at the same time: one is told to wait", async () => {
  const both = [channels.openChannel(key, anew), channels.openChannel(key, anew)].map((opening) => codeOf(() => opening));
  expect((await Promise.all(both)).toSorted((a, b) => a.localeCompare(b))).toEqual(["409 ERR_OPEN_CHANNEL_IN_PROGRESS", "none"]);
});

test("a token may be given when the channel is opened", async () => {
  const { state } = await channels.openChannel(key, { offsetToken: "start", failOnUncommitted: false });
  expect(state.committedToken).toBe("start");
});

test("rejected rows advance the token, count for ever and are in the error table", async () => {
  const { token } = await channels.openChannel(key, anew);
  append(token, "1", [1, "bad", 1_000_000, 2], { startOffsetToken: "0" });
  await committed(channels, key, "1");
  expect(await opened.rows()).toEqual(["1", "2"]);
  expect(statusOf()).toMatchObject({
    rowsParsed: 4,
    rowsInserted: 2,
    rowsErrors: 2,
    lastError: { offsetUpperBound: "1", message: "Value is not recognized as NUMBER" },
  });
  const { id } = opened.catalog.table(table, 0)!;
  expect(await opened.query(`SELECT ERROR_DATA ->> '$."$1"' FROM ${errorTableQuery(id)} ORDER BY 1`)).toEqual([
    ['{"ID":"bad"}'],
    ['{"ID":1000000}'],
  ]);
});

test("channels that are not there have no status, take no rows and cannot be dropped", async () => {
  expect(channels.statuses(key.pipe, ["c"]).size).toBe(0);
  expect(await codeOf(() => append("x", "1", [1]))).toBe("404 ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED");
  expect(await codeOf(() => channels.drop(key, false))).toBe("404 ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED");
  const none = { pipe: { ...key.pipe, name: "NONE-STREAMING" }, channel: "c" };
  expect(await codeOf(() => channels.openChannel(none, anew))).toBe("404 ERR_TABLE_DOES_NOT_EXIST_NOT_AUTHORIZED");
  const pipe = { pipe: { ...key.pipe, name: "NONE" }, channel: "c" };
  expect(await codeOf(() => channels.openChannel(pipe, anew))).toBe("404 ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED");
});

test.each([
  ["dropped", async () => channels.drop(key, false)],
  ["idle for 30 days", async () => opened.pass(30 * 86_400_000 + 1)],
  ["of a table that was made anew", async () => opened.replaceTable()],
])("a channel that is %s is gone with its token and its counts", async (_why, end) => {
  const { token } = await channels.openChannel(key, anew);
  append(token, "1", [1, "bad"]);
  await committed(channels, key, "1");
  await end();
  expect(statusOf()).toBeUndefined();
  expect((await channels.openChannel(key, anew)).state).toMatchObject({ committedToken: null, rowsErrors: 0 });
});

test("a server that is started again on the same database knows the channels, and their owners are to open them again", async () => {
  const { token } = await channels.openChannel(key, anew);
  const next = append(token, "1", [1]);
  await committed(channels, key, "1");
  const again = await opened.restart();
  expect(again.statuses(key.pipe, ["c"]).get("c")).toMatchObject({ committedToken: "1", rowsInserted: 1 });
  const { token: fresh } = await again.openChannel(key, anew);
  expect(() =>
    again.append(key, { continuationToken: next, startOffsetToken: null, endOffsetToken: "2", lines: "", path: "" }),
  ).toThrow("stale");
  expect(fresh).not.toBe(token);
  await again.close();
});

test("with ENABLE_SCHEMA_EVOLUTION members without a column get one", async () => {
  await opened.replaceTable({ schemaEvolution: true });
  const { token } = await channels.openChannel(key, anew);
  append(token, "1", [], { lines: '{"ID":1,"name":"x","flag":true}\n{"ID":2}' });
  await committed(channels, key, "1");
  expect(await opened.query('SELECT * FROM "DB.PUBLIC"."T" ORDER BY ID')).toEqual([
    ["1", "x", true],
    ["2", null, null],
  ]);
  expect(opened.catalog.table(table, 0)!.columns.map(({ name, type }) => `${name} ${type.kind}`)).toEqual([
    "ID NUMBER",
    "NAME VARCHAR",
    "FLAG BOOLEAN",
  ]);
});

test("with ENABLE_SCHEMA_EVOLUTION a NOT NULL column that a row lacks takes NULL from then on", async () => {
  await opened.replaceTable({ schemaEvolution: true, required: true });
  const { token } = await channels.openChannel(key, anew);
  const next = append(token, "1", [1]);
  await committed(channels, key, "1");
  expect(opened.catalog.table(table, 0)!.columns[0]).toMatchObject({ nullable: false });
  append(next, "2", [2, null]);
  await committed(channels, key, "2");
  expect(await opened.rows()).toEqual(["1", "2", null]);
  expect(opened.catalog.table(table, 0)!.columns[0]).toMatchObject({ nullable: true });
});

test("faults: a stale token, an invalid channel, a late and a lost commit, rejected rows", async () => {
  const { token } = await channels.openChannel(key, anew);
  opened.faults.add({ action: { kind: "staleContinuationToken" } });
  expect(await codeOf(() => append(token, "1", [1]))).toBe("400 STALE_CONTINUATION_TOKEN_SEQUENCER");
  opened.faults.add({ action: { kind: "channelInvalidated" } });
  expect(await codeOf(() => append(token, "1", [1]))).toBe("409 ERR_CHANNEL_MUST_BE_REOPENED");
  expect(statusOf()?.statusCode).toBe("ERR_CHANNEL_MUST_BE_REOPENED");
  const second = await channels.openChannel(key, anew);
  opened.faults.add({ action: { kind: "rejectedRows", rows: 1 } });
  const next = append(second.token, "2", [1, 2]);
  await committed(channels, key, "2");
  expect(statusOf()).toMatchObject({ statusCode: "SUCCESS", rowsErrors: 1 });
  opened.faults.add({ action: { kind: "delayedCommit", ms: 1_000_000 } });
  append(next, "3", [3]);
  const third = await channels.openChannel(key, anew);
  expect(third.state.committedToken).toBe("2");
  opened.faults.add({ action: { kind: "lostCommit" } });
  append(third.token, "4", [4]);
  await expect.poll(() => statusOf()?.statusCode, patient).toBe("ERR_CHANNEL_MUST_BE_REOPENED_DUE_TO_ROW_SEQ_GAP");
  expect(await opened.rows()).toEqual(["2"]);
});

test("a channel may be slowed down to so many requests a second", async () => {
  channels.throttle.requestsPerSecond = 2;
  opened.pass(1000 - (Date.now() % 1000));
  const passed = Array.from({ length: 3 }, () => channels.throttle.pass("c"));
  expect(passed).toEqual([true, true, false]);
  expect(channels.throttle.pass("d")).toBe(true);
  opened.pass(1000);
  expect(channels.throttle.pass("c")).toBe(true);
});

test("scoped tokens are good for an hour", () => {
  const token = channels.tokens.issue("LOADER");
  expect(channels.tokens.roleOf(token)).toBe("LOADER");
  expect(channels.tokens.roleOf("other")).toBeNull();
  opened.pass(3_600_000);
  expect(channels.tokens.roleOf(token)).toBeNull();
});
