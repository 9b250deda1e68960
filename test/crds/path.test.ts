import { expect, test } from "vitest";
import { parsePath, pathText } from "../../crds/path.ts";

test.each([
  [["spec", "source", "kafka", "topics", 0], "spec.source.kafka.topics[0]"],
  [["columns", "order.id", 'a"b]', "größe"], 'columns["order.id"]["a\\"b]"].größe'],
  [["a b"], '["a b"]'],
  [["list", 12, 3, "a"], "list[12][3].a"],
  [["", "0"], '[""].0'],
  [[], ""],
])("the text of %j is %s, and back", (path, text) => {
  expect(pathText(path)).toBe(text);
  expect(parsePath(text)).toEqual(path);
});

test.each([
  ["a..b", ["a"]],
  ["a.b[c]", ["a", "b"]],
  ['a["b]', ["a"]],
  ["columns.order id", ["columns", "order id"]],
  ["[[", []],
])("of %s, which pathText did not make, the beginning is %j", (text, path) => {
  expect(parsePath(text)).toEqual(path);
});
