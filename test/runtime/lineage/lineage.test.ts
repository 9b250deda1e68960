import pino from "pino";
import { expect, test } from "vitest";
import type { ConnectionSpec } from "../../../crds/kinds/connection.ts";
import type { PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import { Terminal } from "../../../runtime/component/errors.ts";
import { type Lineage, lineageOf } from "../../../runtime/lineage/lineage.ts";
import { settle } from "../engine/fakes/fake-clock.ts";
import { Stage } from "../engine/fakes/stage.ts";
import { openLineageProblems } from "./open-lineage-check.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const sql = "SELECT n FROM source";
const connections: Readonly<Record<string, ConnectionSpec>> = {
  events: { kafka: { brokers: ["kafka-0.kafka:9093", "kafka-1.kafka:9093"] } },
  warehouse: { snowflake: { account: "myorg-myaccount", user: "S", auth: { token: {} } } } as unknown as ConnectionSpec,
};

/** The lineage of a stage's run. `key` answers for the API key. */
function lineageFor(stage: Stage, receiver: Receiver, key?: () => Promise<string>): Lineage {
  const openLineage = {
    url: receiver.url,
    everySeconds: 60,
    ...(key === undefined ? {} : { apiKeyFrom: { secret: "marquez", key: "token" } }),
  };
  const spec = {
    source: { kafka: { connection: "events", topics: ["orders"] } },
    sink: { snowflake: { connection: "warehouse", database: "analytics", schema: "PUBLIC", table: '"Orders"' } },
    lineage: { openLineage },
  } as unknown as PipelineSpec;
  return lineageOf({
    spec,
    compiled: { sql, lookups: {}, source: [{ name: "n", type: "BIGINT" }], output: [{ name: "n", type: "BIGINT" }] },
    context: {
      pipeline: { namespace: "default", name: "orders" },
      connection: (name) => connections[name]!,
      path: (text) => text,
      secret: async () => key!(),
      log: pino({ level: "silent" }),
    },
    registry: stage.registry,
    clock: stage.clock,
    status: () => stage.report.status(),
  });
}

test("a run is told from its start over its windows to its end, as the specification wants it", async () => {
  await using receiver = await startReceiver();
  const stage = new Stage();
  stage.topics.add("orders/0");
  await using lineage = lineageFor(stage, receiver);
  const running = lineage.over(() => stage.run());
  await receiver.taken(1);
  stage.produce("orders/0", 10, (n) => (n === 3 ? { bad: true } : {}));
  await stage.clock.advance(60_000);
  await receiver.taken(2);
  // Nothing comes: nothing is told.
  await stage.clock.advance(120_000);
  stage.produce("orders/0", 5);
  await stage.clock.advance(10_000);
  stage.stop.abort();
  expect(await running).toMatchObject({ endedBy: "stopped" });
  await lineage[Symbol.asyncDispose]();
  const { events } = receiver;
  expect(events.map(({ eventType }) => eventType)).toEqual(["START", "RUNNING", "COMPLETE"]);
  for (const event of events) expect(openLineageProblems(event)).toEqual([]);
  expect(new Set(events.map(({ run }) => run.runId)).size).toBe(1);
  expect(events[1]).toMatchObject({
    eventTime: "2026-01-01T00:01:00.000Z",
    job: {
      namespace: "snowline://default",
      name: "orders",
      facets: { sql: { query: sql, dialect: "duckdb" }, jobType: { emissionPattern: { windowDuration: 60 } } },
    },
    inputs: [
      {
        namespace: "kafka://kafka-0.kafka:9093",
        name: "orders",
        facets: { schema: { fields: [{ name: "n", type: "BIGINT", ordinal_position: 1 }] } },
        inputFacets: { inputStatistics: { rowCount: 10 } },
      },
    ],
    outputs: [
      {
        namespace: "snowflake://myorg-myaccount",
        name: "ANALYTICS.PUBLIC.Orders",
        facets: {
          columnLineage: {
            fields: {
              n: {
                inputFields: [
                  {
                    namespace: "kafka://kafka-0.kafka:9093",
                    name: "orders",
                    field: "n",
                    transformations: [{ type: "DIRECT", subtype: "IDENTITY" }],
                  },
                ],
              },
            },
          },
        },
        outputFacets: { outputStatistics: { rowCount: 9 } },
      },
    ],
  });
  expect(events[2]?.outputs[0]?.outputFacets).toMatchObject({ outputStatistics: { rowCount: 5 } });
  expect(await stage.registry.metrics()).toContain('snowline_lineage_events_total{outcome="sent"} 3');
});

test("a run that fails is told with its condition's message", async () => {
  await using receiver = await startReceiver();
  const stage = new Stage();
  stage.sink.failures.push(new Terminal("TableMissing", 'table "orders": is not there'));
  stage.produce("orders/0", 100);
  await using lineage = lineageFor(stage, receiver);
  await lineage.over(() => stage.run());
  await receiver.taken(2);
  expect(openLineageProblems(receiver.events[1])).toEqual([]);
  expect(receiver.events[1]).toMatchObject({
    eventType: "FAIL",
    run: { facets: { errorMessage: { message: 'table "orders": is not there' } } },
  });
});

test("a run that crashes is told, and still crashes", async () => {
  await using receiver = await startReceiver();
  await using lineage = lineageFor(new Stage(), receiver);
  await expect(lineage.over(() => Promise.reject(new Error("index out of range")))).rejects.toThrow("index out of range");
  await receiver.taken(2);
  expect(receiver.events[1]).toMatchObject({ eventType: "FAIL", run: { facets: { errorMessage: {} } } });
});

test("a run whose end nobody waits for is told as aborted", async () => {
  await using receiver = await startReceiver();
  const stage = new Stage();
  const lineage = lineageFor(stage, receiver);
  const running = lineage.over(() => stage.run());
  await settle();
  await lineage[Symbol.asyncDispose]();
  expect(receiver.events.map(({ eventType }) => eventType)).toEqual(["START", "ABORT"]);
  stage.stop.abort();
  await running;
});

test("what is given up unloaded ends as aborted", async () => {
  await using receiver = await startReceiver();
  const stage = new Stage();
  stage.sink.gate.shut();
  stage.produce("orders/0", 100);
  await using lineage = lineageFor(stage, receiver);
  const running = lineage.over(() => stage.run());
  await settle();
  stage.stop.abort();
  await stage.clock.advance(30_000);
  expect(await running).toMatchObject({ drained: false });
  await receiver.taken(2);
  expect(receiver.events[1]?.eventType).toBe("ABORT");
  stage.sink.gate.open();
});

test("the receiver's key is read again for each event", async () => {
  await using receiver = await startReceiver();
  const stage = new Stage();
  let key = "first";
  await using lineage = lineageFor(stage, receiver, async () => key);
  const running = lineage.over(() => stage.run());
  await receiver.taken(1);
  key = "second";
  stage.stop.abort();
  await running;
  await receiver.taken(2);
  expect(receiver.headers.map(({ authorization }) => authorization)).toEqual(["Bearer first", "Bearer second"]);
});

test("a key that is not there keeps no record from being loaded", async () => {
  await using receiver = await startReceiver();
  const stage = new Stage();
  const missing = (): Promise<string> => Promise.reject(new Terminal("SecretMissing", "secret marquez: is not there"));
  stage.produce("orders/0", 100);
  stage.topics.end();
  const lineage = lineageFor(stage, receiver, missing);
  expect(await lineage.over(() => stage.run())).toMatchObject({ rowsLoaded: 100 });
  expect(receiver.requests).toBe(0);
});

test("without spec.lineage nobody is told, and there is no metric", async () => {
  const stage = new Stage();
  stage.topics.end();
  const lineage = lineageOf({
    spec: {} as PipelineSpec,
    compiled: { sql, lookups: {}, source: [], output: [] },
    context: {} as never,
    registry: stage.registry,
    clock: stage.clock,
    status: () => stage.report.status(),
  });
  expect(await lineage.over(() => stage.run())).toMatchObject({ endedBy: "ended" });
  await lineage[Symbol.asyncDispose]();
  expect(await stage.registry.metrics()).not.toContain("snowline_lineage");
});
