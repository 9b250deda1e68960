import { DuckDBInstance } from "@duckdb/node-api";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fillTopic } from "../../development/demo-producer.ts";
import { earthquakeRecords, flightRecords, spoiltKinds } from "../../development/demo-records.ts";
import { snowline } from "../cli/captured-shell.ts";
import { sharedBroker } from "../kafka/shared-broker.ts";
import { type ExampleFolder, exampleFolder } from "./example-folder.ts";

async function answer(path: string | null, sql: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(path ?? ":memory:", path === null ? {} : { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows[0] ?? [];
}

// The examples name their topics, so these tests own the topics earthquakes, flights, orders and orders.dead of the shared broker.
describe("examples on Kafka", () => {
  let brokers: string[];
  let examples: ExampleFolder;
  const run = (name: string) => snowline(["run", examples.file(name), examples.file("kafka.yaml"), "--until-caught-up"]);

  beforeAll(async () => {
    const { bootstrap } = await sharedBroker();
    brokers = bootstrap.split(",");
    examples = await exampleFolder(bootstrap);
  });
  afterAll(() => examples[Symbol.asyncDispose]());

  it("earthquakes.yaml loads what the demo produces and rejects exactly the spoilt records, once", async () => {
    const records = await earthquakeRecords();
    await fillTopic(brokers, { topic: "earthquakes", partitions: 3, records, source: "test" });
    const { code, stdout } = await run("earthquakes.yaml");
    expect(code).toBe(0);
    expect(stdout).toMatch(/ {2}records read {2}1,713\n {2}rows loaded {3}1,679\n {2}left out {9}28 .*\n {2}rejected {10}6\n/);
    expect(spoiltKinds).toHaveLength(6);
    const database = examples.file(".snowline/earthquakes.duckdb");
    const strongest = "SELECT count(*), count(DISTINCT id), arg_max(place, magnitude), max(magnitude) FROM earthquakes";
    expect(await answer(database, strongest)).toEqual(["1679", "1679", "22km NNE of Hualian, Taiwan", 6.4]);
    expect((await run("earthquakes.yaml")).stdout).toContain("nothing was loaded twice");
    expect(await answer(database, strongest)).toEqual(["1679", "1679", "22km NNE of Hualian, Taiwan", 6.4]);
  });

  it("flights-to-parquet.yaml writes CSV records as Parquet", async () => {
    const records = await flightRecords(20_000);
    await fillTopic(brokers, { topic: "flights", partitions: 4, records, source: "test" });
    expect((await run("flights-to-parquet.yaml")).stdout).toContain("loaded 20,000 rows into Parquet files");
    const files = examples.file(".snowline/flights/*.parquet");
    expect(
      await answer(null, `SELECT count(*), count(left_at), count(DISTINCT origin) > 100 FROM read_parquet('${files}')`),
    ).toEqual(["20000", "20000", true]);
  });

  it("orders.yaml joins its lookup, sends bad records to a topic, and replay brings back none that is still bad", async () => {
    const order = (id: string, amount: string, currency = "USD", status = "paid") =>
      ({
        order_id: id,
        customer: { id: "c", email: "A@b.org" },
        placed_at: "2026-01-31T12:00:00",
        amount,
        currency,
        status,
      }) as const;
    const orders = [
      order("A-1", "100.10"),
      order("A-2", "5", "EUR", "cancelled"),
      order("A-3", "a lot"),
      order("A-4", "7.00", "EUR"),
    ];
    const records = orders.map((value) => ({ key: value.order_id, value: Buffer.from(JSON.stringify(value)) }));
    await fillTopic(brokers, { topic: "orders.dead", partitions: 1, records: [], source: "test" });
    await fillTopic(brokers, { topic: "orders", partitions: 2, records, source: "test" });
    const { stdout } = await run("orders.yaml");
    expect(stdout).toMatch(/ {2}records read {2}4\n {2}rows loaded {3}2\n {2}left out {6}1 .*\n {2}rejected {6}1\n/);
    expect(stdout).toContain("  dead letters  topic orders.dead\n");
    const database = examples.file(".snowline/orders.duckdb");
    expect(await answer(database, "SELECT count(*), sum(amount_eur), count(DISTINCT customer) FROM sales.orders")).toEqual([
      "2",
      "99.09",
      "1",
    ]);

    const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    expect(await admin.fetchTopicOffsets("orders.dead")).toMatchObject([{ high: "1" }]);
    await admin.disconnect();
    const replayed = await snowline(["replay", examples.file("orders.yaml"), examples.file("kafka.yaml")]);
    expect(replayed.code).toBe(0);
    expect(replayed.stdout).toMatch(/ {2}records read {2}1\n {2}rows loaded {3}0\n {2}rejected {6}1\n/);
  });
});
