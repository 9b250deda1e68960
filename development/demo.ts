// npm run demo: a real Kafka broker, real records, example manifests, and tables at the end.
import { spawn } from "node:child_process";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { countText, tableText } from "../cli/text.ts";
import { startBroker } from "../test/kafka/broker.ts";
import { fillTopic } from "./demo-producer.ts";
import { earthquakeRecords, flightRecords, spoiltKinds } from "./demo-records.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const home = join(root, ".snowline", "demo");
const database = join(home, ".snowline", "earthquakes.duckdb");
const letters = join(home, ".snowline", "earthquakes-dead");
const parquet = join(home, ".snowline", "flights", "*.parquet");
const metrics = join(home, "metrics.prom");
const partitions = 3;
const flights = 500_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const step = (title: string): void => say(`\n${styleText(["bold", "cyan"], `▸ ${title}`)}`);
const shown = (path: string): string => relative(process.cwd(), path);

/** Runs the command-line tool the way a user does, on the same terminal. */
async function snowline(...args: readonly string[]): Promise<void> {
  say(
    styleText(
      "dim",
      `  $ npx snowline ${args.map((argument) => (argument.startsWith("/") ? shown(argument) : argument)).join(" ")}`,
    ),
  );
  const child = spawn(process.execPath, [join(root, "cli", "main.ts"), ...args], { stdio: "inherit" });
  // Ctrl-C reaches the child by itself; it drains and ends, and the demo after it.
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("exit", resolve));
  if (code !== 0) throw new Error(`snowline ${args[0] ?? ""}: ended with exit code ${code}`);
}

/** Writes the answer of a query as a table; `file` null asks a database in memory. */
async function show(file: string | null, query: string): Promise<void> {
  const instance = await DuckDBInstance.create(file ?? ":memory:", file === null ? {} : { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(query);
  const rows = result
    .getRowsJson()
    .map((row) => row.map((value) => (value === null ? "NULL" : typeof value === "string" ? value : JSON.stringify(value))));
  for (const line of tableText(result.columnNames(), rows)) say(`  ${line}`);
  connection.closeSync();
  instance.closeSync();
}

/** The demo's own folder: the example manifests as they are, and a Connection to the broker that was started. */
async function prepareHome(brokers: readonly string[]): Promise<void> {
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  for (const name of ["earthquakes.yaml", "flights-to-parquet.yaml"])
    await copyFile(join(root, "examples", name), join(home, name));
  const lines = ["apiVersion: snowline.dev/v1alpha1", "kind: Connection", "metadata:", "  name: local", "spec:", "  kafka:"];
  await writeFile(join(home, "kafka.yaml"), [...lines, `    brokers: [${brokers.join(", ")}]`, ""].join("\n"));
}

const runArguments = (name: string): string[] => ["run", join(home, name), join(home, "kafka.yaml"), "--until-caught-up"];

async function earthquakes(brokers: readonly string[]): Promise<void> {
  step("Real records: the earthquakes the USGS published in a week (npm package vega-datasets)");
  const records = await earthquakeRecords();
  await fillTopic(brokers, { topic: "earthquakes", partitions, records, source: "usgs" });
  say(`  ${countText(records.length)} records are in the topic earthquakes, in ${partitions} partitions.`);
  say(`  ${spoiltKinds.length} of them are spoilt on purpose: ${spoiltKinds.join("; ")}.`);

  step("The pipeline examples/earthquakes.yaml: from the topic through SQL into a DuckDB table, dead letters into files");
  await snowline(...runArguments("earthquakes.yaml"), "--metrics-file", metrics);

  step("The strongest quakes in the table");
  await show(
    database,
    "SELECT id, happened_at, magnitude, place, depth_km, reviewed FROM earthquakes ORDER BY magnitude DESC, happened_at LIMIT 8",
  );

  step("The same once more: every record is loaded exactly once, so there is nothing to do");
  await snowline(...runArguments("earthquakes.yaml"));
}

async function manyFlights(brokers: readonly string[]): Promise<void> {
  step(`Many records: ${countText(flights)} flights as CSV, and the pipeline examples/flights-to-parquet.yaml`);
  await fillTopic(brokers, { topic: "flights", partitions, records: await flightRecords(flights), source: "vega-datasets" });
  await snowline(...runArguments("flights-to-parquet.yaml"));
  say("");
  const query = `SELECT origin, destination, count(*) AS flights, round(avg(delay_minutes), 1) AS average_delay_minutes
    FROM read_parquet('${parquet.replaceAll("'", "''")}') GROUP BY ALL ORDER BY flights DESC LIMIT 5`;
  await show(null, query);
}

async function demo(): Promise<void> {
  const began = performance.now();
  step("A real Apache Kafka broker");
  await using broker = await startBroker({ say: (line) => say(`  ${line}`) });
  const brokers = broker.bootstrap.split(",");
  await prepareHome(brokers);
  await earthquakes(brokers);
  await manyFlights(brokers);

  step(`Done in ${((performance.now() - began) / 1000).toFixed(0)} s. The broker stops now; this stays:`);
  const kept = [
    [shown(database), "the earthquakes: open it with duckdb, Python, DBeaver …"],
    [shown(letters), "the rejected records: bytes, key, headers, position, reason"],
    [shown(parquet), "the flights"],
    [shown(metrics), "the earthquakes' metrics, as Prometheus would have seen them at the end"],
  ] as const;
  const width = Math.max(...kept.map(([path]) => path.length));
  for (const [path, what] of kept) say(`  ${path.padEnd(width)}  ${what}`);
  say("\n  Next:");
  say("    npx snowline run examples/weather.yaml         files instead of Kafka: no broker needed");
  say("    npx snowline test examples/earthquakes.yaml    the cases next to the manifest");
  say("    npx snowline plan examples/orders.yaml         what comes out, and which table it needs");
  say("    npx snowline --help");
}

await demo().catch((error: unknown) => {
  process.stderr.write(`\ndemo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
