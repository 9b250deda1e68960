import { describe, expect, it } from "vitest";
import { SeenLetters } from "../../../runtime/component/seen-letters.ts";
import { letterOf } from "../../contract/dead-letters.ts";

describe("SeenLetters", () => {
  const first = letterOf("orders", 7, { key: Buffer.from("key"), value: Buffer.from("one") });

  it("knows a letter that was written twice, whatever the error says", () => {
    const seen = new SeenLetters("here");
    expect(seen.add(first)).toBe(true);
    expect(seen.add({ ...first, error: "other words", schemaVersion: "ffffffffffff" })).toBe(false);
  });

  it.each([
    ["offset", { offset: 8 }],
    ["partition", { partition: first.partition + 1 }],
    ["topic", { topic: "others" }],
    ["timestamp, as a topic that was made anew has", { timestampMs: first.timestampMs + 1 }],
    ["value", { value: Buffer.from("two") }],
    ["missing value", { value: null }],
    ["key", { key: Buffer.from("eky") }],
    ["replay", { headers: [{ name: "snowline.replays", value: Buffer.from("1") }] }],
  ])("takes a letter with another %s for another one", (_what, part) => {
    const seen = new SeenLetters("here");
    seen.add(first);
    expect(seen.add({ ...first, ...part })).toBe(true);
  });

  it("does not take bytes that moved from the key to the value for the same", () => {
    const seen = new SeenLetters("here");
    seen.add({ ...first, key: Buffer.from("ab"), value: Buffer.from("c") });
    expect(seen.add({ ...first, key: Buffer.from("a"), value: Buffer.from("bc") })).toBe(true);
  });
});
