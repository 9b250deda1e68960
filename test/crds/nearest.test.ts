import { expect, test } from "vitest";
import { nearest } from "../../crds/nearest.ts";

test.each([
  ["topcs", ["topics", "topicPattern"], "topics"],
  ["Topics", ["topics"], "topics"],
  ["password", ["username", "passwordFrom"], "passwordFrom"],
  ["type", ["kafka", "files"], undefined],
  ["a", ["b"], undefined],
  ["snik", ["source", "sink"], "sink"],
  ["sikn", ["source", "sink"], "sink"],
  ["knis", ["source", "sink"], undefined],
  ["ac", ["ab"], "ab"],
  ["ab", ["abcdef"], undefined],
  ["x", [], undefined],
])("nearest takes %s of %j for %s", (text, names, meant) => {
  expect(nearest(text, names)).toBe(meant);
});
