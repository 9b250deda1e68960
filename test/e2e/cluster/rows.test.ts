import { expect, test } from "vitest";
import { type Field, openField, tableName, until } from "./field.ts";

/** The columns of a pipeline's table, as stored. */
async function columnsOf({ account }: Field, pipeline: string): Promise<readonly string[]> {
  const rows = await account.query(`DESCRIBE TABLE ${account.database}.${account.schema}.${tableName(pipeline)}`);
  return rows.map((row) => String(row["name"]));
}

test("an applied pipeline loads each record once, and says so on the resource", async () => {
  await using field = await openField();
  const topic = await field.topic();
  await topic.write(500);
  expect(await field.apply(field.manifest("orders", topic))).toContain("pipeline.snowline.dev/orders created");
  await field.kubectl("wait", "--for=condition=Ready", "pipeline/orders", "--timeout=120s");
  await topic.write(500);
  await field.arrived("orders", topic);
  const { status } = await until("status with what was loaded", async () => {
    const pipeline = await field.pipeline("orders");
    return pipeline?.status?.totals?.rowsLoaded === 1000 ? pipeline : undefined;
  });
  expect(status).toMatchObject({ replicas: 1, readyReplicas: 1, lag: { records: 0 }, runningGeneration: 1 });
  expect(await field.kubectl("get", "pipelines")).toMatch(/orders\s+True/);
});

test("a changed SQL brings its column, and no record is lost or loaded twice", async () => {
  await using field = await openField();
  const topic = await field.topic();
  const stop = topic.writeSteadily(200);
  await field.apply(field.manifest("orders", topic, { replicas: 2 }));
  await field.condition("orders", "Ready", "True");
  const sql = "SELECT id, n, n * 2 AS doubled FROM source";
  await field.apply(field.manifest("orders", topic, { replicas: 2, transform: { sql } }));
  await until("the new generation to run", async () =>
    (await field.pipeline("orders"))?.status?.runningGeneration === 2 ? true : undefined,
  );
  await stop();
  await topic.write(100);
  await field.arrived("orders", topic);
  expect(await columnsOf(field, "orders")).toContain("DOUBLED");
  const place = `${field.account.database}.${field.account.schema}.ORDERS`;
  const [last] = await field.account.query(`SELECT N, DOUBLED FROM ${place} ORDER BY N DESC LIMIT 1`);
  expect(Number(last?.["DOUBLED"])).toBe(2 * (topic.written - 1));
});

test("an update that does not work leaves the old pods as they are, is taken back and says why", async () => {
  await using field = await openField();
  const topic = await field.topic();
  await topic.write(100);
  await field.apply(field.manifest("orders", topic));
  await field.condition("orders", "Ready", "True");
  await field.arrived("orders", topic);
  const [before] = await field.pods("orders");
  // Every record stops the pod: its column does not take a text of letters, and there are no dead letters.
  const sql = "SELECT id, n, id::BIGINT AS broken FROM source";
  const stop = topic.writeSteadily(50);
  await field.apply(field.manifest("orders", topic, { transform: { sql } }));
  const taken = await until("the rollout to be taken back", async () => {
    const pipeline = await field.pipeline("orders");
    return pipeline?.status?.failedRollout === undefined ? undefined : pipeline;
  });
  expect(taken.status?.failedRollout).toMatchObject({ generation: 2 });
  expect(taken.status?.failedRollout?.message).toContain("Could not convert string to INT64");
  await stop();
  await field.arrived("orders", topic);
  const pods = (await field.pods("orders")).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  expect(pods.map(({ metadata }) => metadata.uid)).toContain(before?.metadata.uid);
  expect(pods[0]?.status.containerStatuses?.[0]?.restartCount).toBe(0);
  // Mended, it rolls.
  await field.apply(field.manifest("orders", topic, { transform: { sql: "SELECT id, n, n + 1 AS next FROM source" } }));
  await until("the mended generation to run", async () =>
    (await field.pipeline("orders"))?.status?.runningGeneration === 3 ? true : undefined,
  );
  expect((await field.pipeline("orders"))?.status?.failedRollout).toBeUndefined();
});

test("two pipelines load into one table, each record of both once", async () => {
  await using field = await openField();
  const topics = [await field.topic(), await field.topic()] as const;
  await topics[0].write(300);
  await topics[1].write(200);
  const sink = (field.manifest("shared", topics[0]) as { spec: { sink: unknown } }).spec.sink;
  await field.apply(field.manifest("first", topics[0], { sink }), field.manifest("second", topics[1], { sink }));
  await until("both topics in the table", async () => ((await field.numbers("shared")).length >= 500 ? true : undefined));
  await Promise.all(["first", "second"].map((name) => field.condition(name, "Ready", "True")));
  const wanted = [...Array.from({ length: 300 }, (_, n) => n), ...Array.from({ length: 200 }, (_, n) => n)];
  expect(await field.numbers("shared")).toEqual(wanted.toSorted((a, b) => a - b));
});
