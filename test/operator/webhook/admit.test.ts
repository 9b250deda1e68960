import { afterAll, expect, test } from "vitest";
import { openCompiler } from "../../../operator/compile/compiler.ts";
import type { AdmissionRequest } from "../../../operator/webhook/admission-review.ts";
import { admit } from "../../../operator/webhook/admit.ts";
import type { Examiner } from "../../../operator/webhook/examine.ts";
import { neighbours, storedConnection, storedPipeline } from "./in-namespace.ts";

const compiler = openCompiler({ now: () => Date.now() });
afterAll(() => compiler[Symbol.asyncDispose]());
const signal = new AbortController().signal;

const request = (object: unknown, oldObject: unknown = null, others: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  uid: "1",
  operation: oldObject === null ? "CREATE" : "UPDATE",
  subResource: "",
  namespace: "shop",
  name: "orders",
  object,
  oldObject,
  ...others,
});
const admitted = (asked: AdmissionRequest, place: Parameters<typeof neighbours>[0] = {}, others: Partial<Examiner> = {}) =>
  admit(asked, { compiler, neighbours: neighbours(place), ...others }, signal);
const fine = { problems: [], warnings: [] };

const right = storedPipeline("orders");
const wrongSql = storedPipeline("orders", {}, "SELECT idd FROM source");
const noColumn = { path: "spec.transform.sql", message: "line 1, column 8: there is no column idd; did you mean id?" };
const group = (groupId: string, more: object = {}) => ({ source: { kafka: { ...right.spec.source.kafka, groupId } }, ...more });
const upsert = { duckdb: { path: "a.duckdb", table: "a", mode: { upsert: { key: ["idd"] } } } };

const filesSink = { files: { directory: "/data/orders" } };

test("a right Pipeline is taken", async () => {
  expect(await admitted(request(right))).toEqual(fine);
});

test("a Pipeline whose SQL cannot be compiled is refused, with the place in the SQL and the fix", async () => {
  expect(await admitted(request(wrongSql))).toEqual({ problems: [noColumn], warnings: [] });
});

test("all that is wrong is told at once", async () => {
  const wrong = storedPipeline("orders", { ...group("shared"), sink: upsert });
  const place = {
    pipelines: [storedPipeline("payments", group("shared"))],
    connections: [storedConnection("events", { snowflake: {} })],
  };
  const { problems } = await admitted(request(wrong), place);
  expect(problems.map(({ path }) => path)).toEqual([
    "spec.sink.duckdb.mode.upsert.key",
    "spec.source.kafka.connection",
    "spec.source.kafka.groupId",
  ]);
});

test("a window of the autoscaler that never begins is refused with the fix", async () => {
  const windows = [{ start: "0 8 31 2 *", end: "0 18 * * *", timeZone: "Europe/Berlim", min: 2 }];
  const { problems } = await admitted(request(storedPipeline("orders", { scaling: { max: 4, windows }, sink: filesSink })));
  expect(problems.map(({ path }) => path)).toEqual(["spec.scaling.windows[0].start", "spec.scaling.windows[0].timeZone"]);
});

test("fields are checked here as well, for CRDs of another version", async () => {
  const { problems } = await admitted(request({ ...right, spec: { ...right.spec, sink: { duckbd: {} } } }));
  expect(problems).toEqual([{ path: "spec.sink.duckbd", message: "unknown field: did you mean duckdb?" }]);
});

test("what the owner should know is a warning, and the Pipeline is taken", async () => {
  expect(await admitted(request(storedPipeline("orders", {}, "SELECT count(*) AS n FROM source")))).toEqual({
    problems: [],
    warnings: [expect.stringMatching(/^spec\.transform\.sql: the SQL is per batch \(aggregates\)/)],
  });
});

test.each([
  ["a name that resembles one", "event", "did you mean event? The pipeline waits for it"],
  ["a name that resembles none", "warehouse", "until there is, the pipeline waits"],
])("a Connection that is not there yet is a warning: %s", async (_what, name, hint) => {
  expect(await admitted(request(right), { connections: [storedConnection(name)] })).toEqual({
    problems: [],
    warnings: [`spec.source.kafka.connection: there is no Connection "events" yet: ${hint}`],
  });
});

test("a Connection of another kind of system, or namespace, resembles none", async () => {
  const other = storedConnection("event", { snowflake: {} });
  const elsewhere = { ...storedConnection("event"), metadata: { name: "event", namespace: "elsewhere" } };
  const { warnings } = await admitted(request(right), { connections: [other, elsewhere] });
  expect(warnings).toEqual([expect.stringContaining("until there is, the pipeline waits")]);
});

test("a Connection that was applied together with the Pipeline is there, though the store has not seen it", async () => {
  expect(await admitted(request(right), { connections: [], unseen: [storedConnection("events")] })).toEqual(fine);
  const before = storedConnection("events", { snowflake: {} });
  expect(await admitted(request(right), { connections: [before], unseen: [storedConnection("events")] })).toEqual(fine);
});

test("a Connection to another kind of system is refused", async () => {
  expect(await admitted(request(right), { connections: [storedConnection("events", { snowflake: {} })] })).toEqual({
    problems: [{ path: "spec.source.kafka.connection", message: '"events" is a Connection without kafka: name one with kafka' }],
    warnings: [],
  });
});

test.each([
  ["another one's", storedPipeline("payments", group("shared")), group("shared"), true],
  ["another one's, which has it by default", storedPipeline("payments"), group("snowline.shop.payments"), true],
  ["a suspended one's", storedPipeline("payments", group("shared", { suspend: true })), group("shared"), false],
  ["another one's, while suspended", storedPipeline("payments", group("shared")), group("shared", { suspend: true }), false],
  ["its own", storedPipeline("orders", group("shared")), group("shared"), false],
  [
    "one of another cluster",
    storedPipeline("payments", { source: { kafka: { ...right.spec.source.kafka, groupId: "shared", connection: "others" } } }),
    group("shared"),
    false,
  ],
  [
    "one that is being deleted",
    {
      ...storedPipeline("payments", group("shared")),
      metadata: { name: "payments", namespace: "shop", deletionTimestamp: "2026-11-26T00:00:00Z" },
    },
    group("shared"),
    false,
  ],
])("a consumer group is one Pipeline's: %s", async (_what, other, spec, refused) => {
  const { problems } = await admitted(request(storedPipeline("orders", spec)), { pipelines: [other] });
  expect(problems.map(({ path }) => path)).toEqual(refused ? ["spec.source.kafka.groupId"] : []);
});

test("a Connection may not become another kind of system while Pipelines use it", async () => {
  const pipelines = ["d", "a", "c", "e", "b", "f", "g"].map((name) => storedPipeline(name));
  const now = storedConnection("events", {
    snowflake: { account: "a-b", user: "u", auth: { token: { tokenFrom: { secret: "s", key: "k" } } } },
  });
  const asked = request(now, storedConnection("events"));
  expect(await admitted(asked, { pipelines })).toEqual({
    problems: [
      {
        path: "spec.kafka",
        message:
          'Pipelines "a", "b", "c", "d", "e" and 2 more use this Connection for it: keep it, or let them name another first',
      },
    ],
    warnings: [],
  });
  expect(await admitted(asked)).toEqual(fine);
  expect(
    await admitted(request(storedConnection("events", { kafka: { brokers: ["b:1"] } }), storedConnection("events")), {
      pipelines,
    }),
  ).toEqual(fine);
});

test("a Pipeline that names a Connection for what it is not keeps nobody from making or changing the Connection", async () => {
  const pipelines = [storedPipeline("orders")];
  const snowflake = (user: string) =>
    storedConnection("events", {
      snowflake: { account: "a-b", user, auth: { token: { tokenFrom: { secret: "s", key: "k" } } } },
    });
  const said = 'spec.kafka: Pipeline "orders" uses this Connection for it: keep it, or let it name another first';
  expect(await admitted(request(snowflake("u")), { pipelines })).toEqual({ problems: [], warnings: [said] });
  expect(await admitted(request(snowflake("v"), snowflake("u")), { pipelines })).toEqual({
    problems: [],
    warnings: [`${said} (it was so before)`],
  });
});

test.each<[string, AdmissionRequest]>([
  ["deleted", request(null, wrongSql, { operation: "DELETE" })],
  ["given its status", request({ ...wrongSql, status: {} }, right, { subResource: "status" })],
  ["labelled", request({ ...wrongSql, metadata: { ...wrongSql.metadata, labels: { a: "b" } } }, wrongSql)],
  [
    "freed of its finalizer",
    request({ ...wrongSql, metadata: { name: "orders", deletionTimestamp: "2026-11-26T00:00:00Z" } }, right),
  ],
])("a wrong object can be %s", async (_what, asked) => {
  expect(await admitted(asked)).toEqual(fine);
});

test("what was wrong before and stays as it was is a warning: an old object can be suspended", async () => {
  expect(await admitted(request(storedPipeline("orders", { suspend: true }, "SELECT idd FROM source"), wrongSql))).toEqual({
    problems: [],
    warnings: [`${noColumn.path}: ${noColumn.message} (it was so before)`],
  });
});

test("a repair that is none is refused", async () => {
  const again = storedPipeline("orders", {}, "SELECT idd  FROM source");
  expect(await admitted(request(again, wrongSql))).toEqual({ problems: [noColumn], warnings: [] });
});

test("a change elsewhere that makes the SQL wrong is refused", async () => {
  const sql = "SELECT amount FROM source";
  const fewer = { source: { kafka: { ...right.spec.source.kafka, format: { json: { columns: { id: "VARCHAR" } } } } } };
  const { problems } = await admitted(request(storedPipeline("orders", fewer, sql), storedPipeline("orders", {}, sql)));
  expect(problems).toMatchObject([{ path: "spec.transform.sql", message: expect.stringContaining("there is no column amount") }]);
});

test("what cannot be found out now is a warning, and the operator finds it out later", async () => {
  const busy = {
    compile: () => Promise.reject(new Error("compiler: 256 pipelines wait to be compiled already; try again later")),
  };
  const dead = { ...neighbours({ connections: [] }), readConnection: () => Promise.reject(new Error("refused")) };
  expect(await admitted(request(right), {}, { compiler: busy, neighbours: dead })).toEqual({
    problems: [],
    warnings: [
      "spec.transform.sql: not compiled yet, the operator does so before anything runs with it (compiler: 256 pipelines wait to be compiled already; try again later)",
      expect.stringContaining("whether its Connections are there could not be found out now"),
    ],
  });
});

test("an object whose name the API server completes is right to have none", async () => {
  expect(await admitted(request({ ...right, metadata: { generateName: "orders-" } }))).toEqual(fine);
});
