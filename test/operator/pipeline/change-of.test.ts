import { expect, test } from "vitest";
import { changeOf } from "../../../operator/pipeline/change-of.ts";
import { annotation } from "../../../operator/pipeline/names.ts";
import { contentOf } from "../../../operator/pipeline/revision.ts";
import { orders, type OrdersOptions } from "./orders.ts";

const content = (options: OrdersOptions = {}) => contentOf(orders(options));
const roll = (annotations: Record<string, string>): OrdersOptions => ({ metadata: { annotations } });
const sql = "spec.transform.sql";

test.each<[string, OrdersOptions, OrdersOptions, readonly string[]]>([
  ["nothing", {}, {}, []],
  ["only how many pods run", {}, { set: { "spec.replicas": 3, "spec.rollout": { deadlineSeconds: 60 } } }, []],
  ["the SQL", { set: { [sql]: "SELECT 1 AS a FROM source" } }, { set: { [sql]: "SELECT 2 AS a FROM source" } }, [sql]],
  [
    "what was not there before",
    {},
    { set: { "spec.transform": { sql: "SELECT 1 AS a FROM source" }, "spec.pod.nodeSelector": { disk: "fast" } } },
    ["spec.pod", "spec.transform"],
  ],
  [
    "a column whose name has a dot",
    { set: { "spec.source.kafka.format.json.columns": { "a.b": "DATE" } } },
    { set: { "spec.source.kafka.format.json.columns": { "a.b": "TIME" } } },
    ['spec.source.kafka.format.json.columns["a.b"]'],
  ],
  [
    "the way of loading",
    {},
    { set: { "spec.sink.snowflake.load": { streaming: {} } } },
    ["spec.sink.snowflake.load.copy", "spec.sink.snowflake.load.streaming"],
  ],
  ["a Connection", {}, { warehouse: { "spec.snowflake.role": "OTHER" } }, ["Connection warehouse: spec.snowflake.role"]],
  ["a Secret", {}, { versions: { "Secret/snowflake-key": "snowflake-key-uid/2" } }, ["Secret snowflake-key"]],
  ["the roll annotation", {}, roll({ [annotation.roll]: "1" }), ["the roll annotation"]],
  ["the roll annotation, gone", roll({ [annotation.roll]: "1" }), {}, ["the roll annotation was removed"]],
])("a change of %s is told", (_what, before, after, what) => {
  expect(changeOf(content(before), content(after))).toEqual({ kind: what.length === 0 ? "ignore" : "roll", what });
});

test("a Connection that is used no more is told with its secrets", () => {
  const after = content({ set: { "spec.sink": { files: { directory: "/data" } } } });
  const gone = ["spec.sink.files", "spec.sink.snowflake", "Connection warehouse is used no more", "Secret snowflake-key"];
  expect(changeOf(content(), after)).toEqual({ kind: "roll", what: gone });
  expect(changeOf(after, content()).what).toContain("Connection warehouse is used now");
});

test("a default that an upgrade of the definitions brought is no change", () => {
  const after = content();
  const { fetchWaitMs: _later, ...kafka } = (after.spec as { source: { kafka: Record<string, unknown> } }).source.kafka;
  const { deadLetter: _also, ...spec } = after.spec;
  expect(changeOf({ ...after, spec: { ...spec, source: { kafka } } }, after)).toEqual({ kind: "ignore", what: [] });
});

test("ten changes are named, the others counted", () => {
  const columns = (type: string) =>
    content({
      set: {
        "spec.source.kafka.format.json.columns": Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`c${n}`, type])),
      },
    });
  const { what } = changeOf(columns("DATE"), columns("TIME"));
  expect(what).toHaveLength(11);
  expect(what.at(-1)).toBe("5 more");
});
