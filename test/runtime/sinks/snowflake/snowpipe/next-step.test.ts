import { describe, expect, it } from "vitest";
import { fileReport, type FileReport } from "../../../../../runtime/sinks/snowflake/snowpipe/file-report.ts";
import {
  nextStep,
  patienceMs,
  rememberedMs,
  reportedMs,
  type Seen,
} from "../../../../../runtime/sinks/snowflake/snowpipe/next-step.ts";

const pending = {
  file: "orders/x.parquet",
  pipe: "DB.PUBLIC.PIPE",
  table: "DB.PUBLIC.T",
  into: null,
  rows: 3,
  bytes: 100,
  atMs: 1_000_000,
};
const at = (ageMs: number, seen: Partial<Seen> = {}): Seen => ({
  report: null,
  reported: true,
  searched: false,
  first: true,
  submitted: false,
  waitedMs: 0,
  nowMs: pending.atMs + ageMs,
  ...seen,
});
const loaded = (rows: number): FileReport => ({ kind: "loaded", rows });
const failed: FileReport = { kind: "failed", error: "no" };
const partly: FileReport = { kind: "partly", rows: 2, error: "no" };
const loading: FileReport = { kind: "loading" };
const old = { searched: true } as const;

describe("a file that a pipe has to load", () => {
  it.each<[string, Seen, string]>([
    ["that was just staged is given to the pipe", at(0), "submit"],
    ["that the pipe has and nobody has heard of is waited for", at(5000, { submitted: true }), "wait"],
    ["that is being loaded is waited for", at(5000, { submitted: true, report: loading }), "wait"],
    ["that somebody else may have given to its pipe is searched for before it is given again", at(0, { first: false }), "search"],
    ["that is being loaded for somebody else is waited for", at(5000, { report: loading }), "wait"],
    ["that takes long is told about", at(reportedMs - 1, { submitted: true, waitedMs: patienceMs }), "giveWay"],
    [
      "that is loading for long is told about",
      at(reportedMs, { ...old, submitted: true, report: loading, waitedMs: patienceMs }),
      "giveWay",
    ],
    ["that was loaded with all its rows is done", at(9000, { submitted: true, report: loaded(3) }), "loaded"],
    ["that somebody else had loaded is done", at(9000, { report: loaded(3) }), "loaded"],
    [
      "whose load is proven after its pipe has forgotten it is done",
      at(rememberedMs * 2, { ...old, report: loaded(3) }),
      "loaded",
    ],
    ["that could not be loaded is taken back", at(9000, { submitted: true, report: failed }), "takeBack"],
    ["that could not be loaded long ago is taken back", at(rememberedMs * 2, { ...old, report: failed }), "takeBack"],
    ["of which fewer rows were loaded stops", at(9000, { submitted: true, report: loaded(2) }), "stop"],
    ["of which more rows were loaded stops", at(9000, { submitted: true, report: loaded(4) }), "stop"],
    ["of which rows were left out stops", at(9000, { submitted: true, report: partly }), "stop"],
    ["older than the pipe's report is searched for before anything", at(reportedMs), "search"],
    ["older than the pipe's report is searched for while it is waited for", at(reportedMs, { submitted: true }), "search"],
    ["that a report had no room for is searched for", at(5000, { submitted: true, reported: false }), "search"],
    [
      "that a report had no room for and no history knows is waited for",
      at(5000, { ...old, submitted: true, reported: false }),
      "wait",
    ],
    ["that was just staged is given to the pipe before anything, if nothing was read yet", at(0, { reported: true }), "submit"],
    ["that no history knows is given to the pipe while it would know the name", at(rememberedMs - 1, old), "submit"],
    ["that the pipe may have forgotten is never given to it again", at(rememberedMs, old), "stop"],
    ["that the pipe may have forgotten is searched for first", at(rememberedMs), "search"],
    ["of a pod whose clock is ahead is given to the pipe", at(-60_000), "submit"],
  ])("%s", (_name, seen, expected) => {
    expect(nextStep(pending, seen).kind).toBe(expected);
  });

  it("stops with what is wrong and what to do", () => {
    expect(nextStep(pending, at(0, { report: partly }))).toMatchObject({
      reason: "FileNotWhole",
      message: expect.stringContaining("of the 3 rows of file orders/x.parquet 2 were loaded: no"),
    });
    expect(nextStep(pending, at(rememberedMs, old))).toMatchObject({
      reason: "FileForgotten",
      message: expect.stringContaining("more than 13 days ago"),
    });
  });
});

describe("what a history says", () => {
  const error = { message: "Numeric value 'secret''s' is not recognized\n  File 'x'", column: '"T"["A":1]', line: 7 };

  it.each([
    ["LOADED", { kind: "loaded", rows: 5 }],
    ["Loaded", { kind: "loaded", rows: 5 }],
    [
      "PARTIALLY_LOADED",
      { kind: "partly", rows: 5, error: `Numeric value '…' is not recognized File '…' (column "T"["A":1], row 7)` },
    ],
    [
      "Partially loaded",
      { kind: "partly", rows: 5, error: `Numeric value '…' is not recognized File '…' (column "T"["A":1], row 7)` },
    ],
    ["LOAD_FAILED", { kind: "failed", error: `Numeric value '…' is not recognized File '…' (column "T"["A":1], row 7)` }],
    ["Load failed", { kind: "failed", error: `Numeric value '…' is not recognized File '…' (column "T"["A":1], row 7)` }],
    ["LOAD_IN_PROGRESS", { kind: "loading" }],
    ["Load in progress", { kind: "loading" }],
  ])("%s, without a row's value", (status, expected) => {
    expect(fileReport(status, 5, error)).toEqual(expected);
  });

  it("of an error without a message is that there is none", () => {
    expect(fileReport("LOAD_FAILED", 0, { message: null, column: null, line: null })).toEqual({
      kind: "failed",
      error: "Snowflake gives no reason",
    });
    expect(fileReport("LOAD_FAILED", 0, { message: "Bad 'unclosed val", column: "", line: null })).toEqual({
      kind: "failed",
      error: "Bad '…'",
    });
  });
});
