import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, expectTypeOf, test } from "vitest";
import { loadManifest, problemText, readManifest } from "../../cli/manifest.ts";
import type { Pipeline } from "../../crds/kinds/pipeline.ts";

const read = (text: string) => readManifest([{ file: "a.yaml", text }]);
const problems = (text: string) => read(text).problems.map(problemText);

const connection = `apiVersion: snowline.dev/v1alpha1
kind: Connection
metadata: { name: events }
spec:
  kafka:
    brokers: [kafka:9092]
`;
const pipeline = `apiVersion: snowline.dev/v1alpha1
kind: Pipeline
metadata:
  name: orders
spec:
  source:
    kafka:
      connection: events
      topics: [orders]
      format:
        json: { columns: { id: BIGINT } }
  transform:
    sql: |
      SELECT id
      FROM source

        WHERE id > 0
  sink:
    duckdb: { path: orders.duckdb, table: orders }
`;
const both = `${connection}---\n${pipeline}`;
/** Line of `pipeline` in `both`. */
const from = connection.split("\n").length;

test("a file's Pipelines and Connections come with their defaults, and what is not ours is passed over", () => {
  const { pipelines, connections, problems } = read(
    `apiVersion: v1\nkind: Secret\nmetadata: { name: a }\n---\n${both}---\n# nothing\n`,
  );
  expect(problems).toEqual([]);
  expect(connections.map(({ resource }) => resource.metadata.name)).toEqual(["events"]);
  expect(pipelines.map(({ resource, file }) => [resource.metadata.name, resource.spec.deadLetter, file])).toEqual([
    ["orders", { stop: {} }, "a.yaml"],
  ]);
  expectTypeOf(pipelines[0]!.resource).toEqualTypeOf<Pipeline>();
});

test("every problem of every document and file is told at its line and column", () => {
  const wrongPipeline = pipeline
    .replace("topics: [orders]", "topics: [orders, my orders]\n      startFrom: yesterday")
    .replace("connection: events", "connection: evnts")
    .replace("duckdb: { path: orders.duckdb, table: orders }", "duckdb:\n      path: orders.duckdb\n      tabel: orders");
  const { problems } = readManifest([
    { file: "b.yaml", text: wrongPipeline },
    { file: "a.yaml", text: connection.replace("kafka:9092", "kafka") },
  ]);
  expect(problems.map(problemText)).toEqual([
    'b.yaml:8:7: spec.source.kafka.connection: there is no Connection "evnts" in the given files: did you mean events?',
    'b.yaml:9:24: spec.source.kafka.topics[1]: "my orders" must be a topic\'s name: at most 249 letters, digits, dots, underscores and dashes',
    'b.yaml:10:7: spec.source.kafka.startFrom: "yesterday" must be earliest, latest or a time, such as 2026-01-31T00:00:00Z',
    "b.yaml:20:5: spec.sink.duckdb.table: is required: Table",
    "b.yaml:22:7: spec.sink.duckdb.tabel: unknown field: did you mean table?",
    'a.yaml:6:15: spec.kafka.brokers[0]: "kafka" must be host:port, such as kafka-0.kafka:9093',
  ]);
});

describe("what is wrong with the YAML is told with its place", () => {
  test.each<[string, string, readonly string[]]>([
    [
      "a key that is there twice, and what is wrong besides",
      both.replace("  name: orders", "  name: orders\n  name: others").replace("table: orders", "table: 5"),
      [
        "a.yaml:12:3: the key name is there twice: remove one",
        "a.yaml:27:36: spec.sink.duckdb.table: 5 is a number, must be a string: write it in quotes",
      ],
    ],
    ["a tab", "kind: Pipeline\nspec:\n\tsource: {}\n", ["a.yaml:3:1: wrong YAML: Tabs are not allowed as indentation"]],
    [
      "a bracket that is left open",
      "kind: Pipeline\nspec: [1\na: 2\n",
      ["a.yaml:3:1: wrong YAML: Flow sequence in block collection must be sufficiently indented and end with a ]"],
    ],
    [
      "an alias without its anchor",
      both.replace("[orders]", "*all"),
      ["a.yaml:16:15: the alias *all has no anchor &all before it"],
    ],
    [
      "too many aliases",
      `a: &a [1,1]\nb: &b [${"*a,".repeat(20)}]\nc: [${"*b,".repeat(20)}]\n`,
      ["a.yaml:1:1: Excessive alias count indicates a resource exhaustion attack"],
    ],
    [
      "a column that kubectl would rename",
      both.replace("id: BIGINT", "y: DOUBLE"),
      ["a.yaml:18:28: kubectl reads the key y as true: write it in quotes"],
    ],
    ["a document that is no object", "- a\n", ["a.yaml:1:1: must be an object with apiVersion, kind, metadata, spec"]],
  ])("%s", (_what, text, expected) => {
    expect(problems(text)).toEqual(expected);
  });
});

test("a resource whose YAML is wrong is none, though the rest of it would do", () => {
  const { pipelines, connections, problems } = read(both.replace("  name: orders", "  name: orders\n  name: others"));
  expect(problems).toHaveLength(1);
  expect([pipelines.length, connections.length]).toEqual([0, 1]);
});

test("anchors, aliases and merged keys work as in kubectl", () => {
  const text = both
    .replace("topics: [orders]", "topics: &names [orders]")
    .replace(
      "duckdb: { path: orders.duckdb, table: orders }",
      "duckdb:\n      <<: &to { path: orders.duckdb, table: orders }\n      mode: { upsert: { key: *names } }",
    );
  expect(problems(text)).toEqual([]);
  expect(read(text).pipelines[0]?.resource.spec.sink.duckdb).toMatchObject({
    path: "orders.duckdb",
    mode: { upsert: { key: ["orders"] } },
  });
  // What is wrong with an alias stands at its anchor.
  expect(problems(text.replace("[orders]", "&list [orders, 5]").replace("&names ", "").replace("*names", "*list"))).toEqual([
    "a.yaml:16:30: spec.source.kafka.topics[1]: 5 is a number, must be a string: write it in quotes",
    "a.yaml:16:30: spec.sink.duckdb.mode.upsert.key[1]: 5 is a number, must be a string: write it in quotes",
  ]);
});

test("values are read as kubectl reads them", () => {
  const text = both
    .replace("topics: [orders]", "topics: [orders]\n      startFrom: 2026-01-31T00:00:00Z\n      groupId: 12:30")
    .replace("  sink:", "  suspend: yes\n  sink:");
  expect(problems(text)).toEqual([]);
  expect(read(text).pipelines[0]?.resource.spec).toMatchObject({
    suspend: true,
    source: { kafka: { startFrom: "2026-01-31T00:00:00Z", groupId: "12:30" } },
  });
  expect(problems(both.replace("table: orders", "table: no"))).toEqual([
    "a.yaml:26:36: spec.sink.duckdb.table: false is a boolean, must be a string: write it in quotes",
  ]);
});

test.each([
  ["snowlin.dev/v1alpha1", "Pipeline", ['a.yaml:1:1: apiVersion: must be snowline.dev/v1alpha1, not "snowlin.dev/v1alpha1"']],
  [
    "snowline.dev/v1alpha1",
    "Pipline",
    ['a.yaml:2:1: kind: must be one of Pipeline, Connection, not "Pipline": did you mean Pipeline?'],
  ],
  ["tekton.dev/v1", "Pipeline", []],
])("%s %s: a slip is told, a kind of somebody else's is passed over", (apiVersion, kind, expected) => {
  expect(
    problems(
      pipeline
        .replace("snowline.dev/v1alpha1", apiVersion)
        .replace("kind: Pipeline", `kind: ${kind}`)
        .replace("connection: events", "connection: ''"),
    ).filter((text) => !text.includes("empty")),
  ).toEqual(expected);
});

test("Connections may be elsewhere only where the files hold none", () => {
  const far = (text: string) => readManifest([{ file: "a.yaml", text }], "elsewhere").problems.map(problemText);
  expect(far(pipeline)).toEqual([]);
  expect(problems(pipeline)).toHaveLength(1);
  expect(far(both.replace("name: events", "name: clicks"))).toEqual([
    `a.yaml:${from + 8}:7: spec.source.kafka.connection: there is no Connection "events" in the given files: there is clicks`,
  ]);
});

test("two resources of a kind with one name are told, whatever file they are in", () => {
  const { problems } = readManifest([
    { file: "a.yaml", text: both },
    { file: "b.yaml", text: pipeline },
  ]);
  expect(problems.map(problemText)).toEqual([
    `b.yaml:4:3: metadata.name: there is a Pipeline "orders" at a.yaml:${from + 4} already: rename one`,
  ]);
});

describe("a place inside the SQL", () => {
  const locate = (text: string, line: number, column: number) => {
    const { line: at, column: inLine } = read(text).pipelines[0]!.locate("spec.transform.sql", { line, column });
    // What stands there in the file.
    return text.split(/\r?\n/)[at - 1]?.slice(inLine - 1);
  };
  const sql = (replacement: string) => both.replace(/ {4}sql: [^]*?(?= {2}sink:)/, replacement);

  test.each<[string, string, readonly [number, number], string]>([
    ["a block's first line", both, [1, 8], "id"],
    ["a block's second line", both, [2, 6], "source"],
    ["a line that is indented further", both, [4, 9], "id > 0"],
    ["a block whose lines end in CR LF", both.replaceAll("\n", "\r\n"), [2, 6], "source"],
    ["a block with its indentation given", sql("    sql: |2-\n        SELECT id\n        FROM source\n"), [2, 8], "source"],
    [
      "a block behind an anchor and a comment",
      sql("    sql: &q | # the query\n      SELECT id\n      FROM source\n"),
      [2, 6],
      "source",
    ],
    ["plain text", sql("    sql: SELECT id FROM source\n"), [1, 16], "source"],
    ["quoted text", sql('    sql: "SELECT id FROM source"\n'), [1, 16], 'source"'],
  ])("is found in %s", (_what, text, [line, column], found) => {
    expect(locate(text, line, column)).toBe(found);
  });

  test("is the field where the text is folded", () => {
    expect(locate(sql("    sql: >\n      SELECT id\n      FROM source\n"), 1, 16)).toBe("sql: >");
  });
  test("is the nearest field above where none is written", () => {
    expect(locate(sql("    lookups: {}\n"), 1, 1)).toBe("transform:");
  });
});

test("loadManifest reads files, and tells which it could not read", async () => {
  const directory = mkdtempSync(join(tmpdir(), "snowline-manifest-"));
  try {
    const [good, missing] = [join(directory, "good.yaml"), join(directory, "missing.yaml")];
    writeFileSync(good, both);
    const { pipelines, problems } = await loadManifest([missing, good]);
    expect(pipelines.map(({ file }) => file)).toEqual([good]);
    expect(problems.map(problemText)).toEqual([expect.stringContaining(`${missing}:1:1: cannot be read: there is no such file`)]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
