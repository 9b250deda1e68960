import { expect, test } from "vitest";
import { mergePatch } from "../../../../operator/pipeline/status/merge-patch.ts";

test.each([
  [{ a: 1 }, { a: 1 }, null],
  [{ a: 1 }, { a: 2 }, { a: 2 }],
  [{ a: 1, b: 2 }, { a: 1 }, { b: null }],
  [{}, { a: { b: 1 } }, { a: { b: 1 } }],
  [{ a: { b: 1, c: 2 } }, { a: { b: 1, d: 3 } }, { a: { c: null, d: 3 } }],
  [{ a: { b: 1 } }, { a: { b: 1 } }, null],
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, { a: [1, { b: 3 }] }],
  [{ a: { b: 1 } }, { a: 1 }, { a: 1 }],
])("from %j to %j it is %j", (before, after, patch) => {
  expect(mergePatch(before, after)).toEqual(patch);
});
