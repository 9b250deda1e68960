import { expect, test } from "vitest";
import type { ConnectionSpec } from "../../../crds/kinds/connection.ts";
import type { PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import { inputsOf, outputOf } from "../../../runtime/lineage/dataset.ts";
import { runId, runIdBytes } from "../../../runtime/lineage/run-id.ts";

const place = (connection: object) => ({
  connection: () => connection as ConnectionSpec,
  path: (text: string) => `/data/${text}`,
});
const kafka = place({ kafka: { brokers: ["b1:9092", "b2:9092"] } });

test.each([
  [{ kafka: { connection: "c", topics: ["b", "a"] } }, [], ["b", "a"]],
  [{ kafka: { connection: "c", topicPattern: "o.*" } }, ["o2", "o1", "o2"], ["o1", "o2"]],
])("topics are named by the first broker: %j", (source, topics, names) => {
  const spec = { source } as unknown as PipelineSpec;
  expect(inputsOf(spec, topics, kafka)).toEqual(names.map((name) => ({ namespace: "kafka://b1:9092", name })));
});

test("files are named by their absolute path", () => {
  const spec = { source: { files: { paths: ["in/*.jsonl"] } } } as unknown as PipelineSpec;
  expect(inputsOf(spec, [], kafka)).toEqual([{ namespace: "file", name: "/data/in/*.jsonl" }]);
});

test.each([
  [{ account: "org-acc" }, "snowflake://org-acc"],
  [{ account: "xy12345.eu-central-1" }, "snowflake://xy12345.eu-central-1"],
  [{ url: "https://org-acc.privatelink.snowflakecomputing.com" }, "snowflake://org-acc"],
  [{ url: "https://org-acc.snowflakecomputing.com/" }, "snowflake://org-acc"],
  [{ url: "http://127.0.0.1:8080" }, "snowflake://127.0.0.1:8080"],
])("a table of %j is in %s, under the names that Snowflake stores", (snowflake, namespace) => {
  const sink = { snowflake: { connection: "c", database: "db", schema: "Public", table: '"t ""x"""' } };
  expect(outputOf({ sink } as unknown as PipelineSpec, place({ snowflake }))).toEqual({
    namespace,
    name: 'DB.PUBLIC.t "x"',
  });
});

test.each([
  [{ files: { directory: "out" } }, { namespace: "file", name: "/data/out" }],
  [{ duckdb: { path: "a.duckdb", schema: "main", table: "t" } }, { namespace: "duckdb:///data/a.duckdb", name: "main.t" }],
])("what is on this machine is named by its path: %j", (sink, dataset) => {
  expect(outputOf({ sink } as unknown as PipelineSpec, kafka)).toEqual(dataset);
});

test("a run's id is a UUID of version 7, in the order of time", () => {
  const zeros = runId(Date.parse("2026-01-01T00:00:00Z"), Buffer.alloc(runIdBytes));
  expect(zeros).toBe("019b76da-a800-7000-8000-000000000000");
  expect(runId(Date.parse("2026-01-01T00:00:00Z"), Buffer.alloc(runIdBytes, 0xff))).toBe("019b76da-a800-7fff-bfff-ffffffffffff");
});
