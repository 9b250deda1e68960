import { expect, it } from "vitest";
import { unassignedWatch } from "../../../cli/run/unassigned.ts";
import type { SplitLag } from "../../../runtime/engine/lag.ts";

it("tells that no split is assigned once that has lasted, and again only after it has lasted again", () => {
  let nowMs = 0;
  const look = unassignedWatch(() => nowMs);
  const at = (ms: number, splits: readonly SplitLag[], started = true): string | null => {
    nowMs = ms;
    return look({ started, splits });
  };
  const split: SplitLag = { split: "orders/0", topic: "orders", partition: 0, records: null, seconds: null };
  const sentence = "no splits assigned yet: another member of the consumer group may hold them";
  expect(at(0, [], false)).toBeNull();
  expect(at(5000, [])).toBeNull();
  expect(at(8999, [])).toBeNull();
  expect(at(9000, [])).toBe(sentence);
  expect(at(10_000, [split])).toBeNull();
  expect(at(20_000, [])).toBeNull();
  expect(at(24_000, [])).toBe(sentence);
});
