import { describe, expect, it } from "vitest";
import type { Stored } from "../../../../../runtime/sinks/snowflake/positions.ts";
import { pendingFiles, pendingText, readPending } from "../../../../../runtime/sinks/snowflake/snowpipe/pending.ts";

const into = { stage: "DB.PUBLIC.LAKE", folder: "snowline/", autoIngest: true };
const file = (name: string, atMs: number) => ({ file: name, pipe: 'DB.PUBLIC."p i"', table: "T", into, rows: 2, bytes: 9, atMs });

describe("what is kept beside a position", () => {
  it("comes back as it was, with where the split stood", () => {
    expect(readPending(pendingText(file("a", 1), null))).toEqual({ pending: file("a", 1), from: null });
    expect(readPending(pendingText(file("a", 1), { offset: 1 }))).toEqual({ pending: file("a", 1), from: { offset: 1 } });
  });

  it("of another way of loading is refused", () => {
    expect(() => readPending('{"final":true}')).toThrow(/not one of load\.snowpipe/);
    expect(() => readPending('{"pending":{},"from":null}')).toThrow(/not one of load\.snowpipe/);
  });

  it("is put together by file, the oldest first", () => {
    const splits = new Map<string, Stored>([
      ["t/0", { position: { offset: 5 }, state: pendingText(file("b", 2), { offset: 1 }) }],
      ["t/1", { position: { offset: 6 }, state: pendingText(file("a", 1), null) }],
      ["t/2", { position: { offset: 7 }, state: pendingText(file("b", 2), null) }],
      ["t/3", { position: { offset: 8 }, state: null }],
      ["t/4", { position: null, state: null }],
    ]);
    expect(pendingFiles(splits)).toEqual([
      { ...file("a", 1), splits: [{ split: "t/1", from: null, to: { offset: 6 } }] },
      {
        ...file("b", 2),
        splits: [
          { split: "t/0", from: { offset: 1 }, to: { offset: 5 } },
          { split: "t/2", from: null, to: { offset: 7 } },
        ],
      },
    ]);
  });
});
