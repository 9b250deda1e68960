import { describe, expect, it } from "vitest";
import type { Stored } from "../../../../../runtime/sinks/snowflake/positions.ts";
import {
  pendingFiles,
  pendingText,
  readPending,
  refusePending,
} from "../../../../../runtime/sinks/snowflake/snowpipe/pending.ts";

const into = { stage: "DB.PUBLIC.LAKE", folder: "snowline/", autoIngest: true };
const file = (name: string, atMs: number) => ({ file: name, pipe: 'DB.PUBLIC."p i"', table: "T", into, rows: 2, bytes: 9, atMs });

describe("what is kept beside a position", () => {
  it("comes back as it was, with where the split stood and what was kept before", () => {
    const fresh = { from: null, kept: null };
    expect(readPending(pendingText(file("a", 1), fresh))).toEqual({ pending: file("a", 1), ...fresh });
    const moved = { from: { offset: 1 }, kept: '{"streaming":1}' };
    expect(readPending(pendingText(file("a", 1), moved))).toEqual({ pending: file("a", 1), ...moved });
  });

  it("is nothing where another way of loading wrote it, or nobody", () => {
    expect(readPending('{"streaming":1,"final":true}')).toBeNull();
    expect(readPending(null)).toBeNull();
  });

  it("stops other ways of loading", () => {
    const pending = pendingText(file("a", 1), { from: null, kept: null });
    expect(() => refusePending(new Map([["t/0", { state: pending }]]))).toThrow(/set load back to snowpipe/);
    refusePending(
      new Map([
        ["t/0", { state: null }],
        ["t/1", { state: '{"streaming":1}' }],
      ]),
    );
  });

  it("is put together by file, the oldest first", () => {
    const splits = new Map<string, Stored>([
      ["t/0", { position: { offset: 5 }, state: pendingText(file("b", 2), { from: { offset: 1 }, kept: null }) }],
      ["t/1", { position: { offset: 6 }, state: pendingText(file("a", 1), { from: null, kept: "{}" }) }],
      ["t/2", { position: { offset: 7 }, state: pendingText(file("b", 2), { from: null, kept: null }) }],
      ["t/3", { position: { offset: 8 }, state: null }],
      ["t/4", { position: null, state: null }],
    ]);
    expect(pendingFiles(splits)).toEqual([
      { ...file("a", 1), splits: [{ split: "t/1", from: null, to: { offset: 6 }, kept: "{}" }] },
      {
        ...file("b", 2),
        splits: [
          { split: "t/0", from: { offset: 1 }, to: { offset: 5 }, kept: null },
          { split: "t/2", from: null, to: { offset: 7 }, kept: null },
        ],
      },
    ]);
  });
});
