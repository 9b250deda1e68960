import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { pino } from "pino";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import type { PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import { assemble } from "../../../runtime/assemble.ts";
import { runAssembled } from "../../../runtime/run-assembled.ts";
import type { Summary } from "../../../runtime/engine/run-pipeline.ts";
import { independentClient, onceProducer } from "../../kafka/client.ts";
import { sharedBroker } from "../../kafka/shared-broker.ts";
import { uniqueName } from "../../kafka/unique-name.ts";
import { seeded, seedOfRun } from "../exactly-once/random.ts";
import { avro, type Corruptible, csv, goodRecord, json } from "./corruptions.ts";
import { createTopic } from "../../kafka/create-topic.ts";

const records = 20_000;
const partitions = 3;
/** Records in one request of the producer. */
const sendMax = 2000;

/** What was produced, by `partition/offset`: the row as text, or the bytes that must be in a dead letter. */
interface Produced {
  readonly rows: ReadonlyMap<string, string>;
  readonly letters: ReadonlyMap<string, string>;
}

const named: Readonly<Record<string, Corruptible>> = { json, csv, avro };

test.each(Object.keys(named))(
  "of 20,000 %s records with a tenth corrupted no good one is lost, no bad one accepted, and each reject has its bytes and position",
  async (name) => {
    const corruptible = named[name]!;
    const seed = seedOfRun();
    const { bootstrap } = await sharedBroker();
    const topic = uniqueName(`malformed-${name}`);
    const directory = await mkdtemp(join(tmpdir(), "snowline-malformed-"));
    try {
      const produced = await produce({ bootstrap, topic, seed, corruptible });
      const summary = await load({ bootstrap, topic, directory, format: corruptible.format });
      const said = `replay with SNOWLINE_SEED=${seed}`;
      expect(differences(await rowsOf(directory), produced.rows), said).toEqual([]);
      expect(differences(await lettersOf(directory), produced.letters), said).toEqual([]);
      expect(summary).toMatchObject({
        endedBy: "caughtUp",
        recordsRead: records,
        rowsLoaded: produced.rows.size,
        recordsRejected: produced.letters.size,
      });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
  120_000,
);

/** The first few positions where two answers differ: a whole map would hide them. */
function differences(found: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): readonly string[] {
  const positions = new Set([...found.keys(), ...expected.keys()]);
  const different = [...positions].filter((position) => found.get(position) !== expected.get(position));
  return different
    .slice(0, 10)
    .map((position) => `${position}: found ${found.get(position)}, expected ${expected.get(position)}`);
}

async function produce(options: {
  readonly bootstrap: string;
  readonly topic: string;
  readonly seed: number;
  readonly corruptible: Corruptible;
}): Promise<Produced> {
  const { topic, corruptible } = options;
  const client = independentClient(options.bootstrap);
  const [admin, producer] = [client.admin(), onceProducer(client)];
  await Promise.all([admin.connect(), producer.connect()]);
  await createTopic(admin, { topic, numPartitions: partitions });
  const random = seeded(options.seed);
  const rows = new Map<string, string>();
  const letters = new Map<string, string>();
  const offsets = Array.from({ length: partitions }, () => 0);
  let messages: { partition: number; value: Buffer }[] = [];
  for (let id = 0; id < records; id++) {
    const good = goodRecord(id, random);
    const bad = random.next() < 0.1;
    const value = bad ? random.pick(corruptible.spoil)(good, random) : corruptible.write(good, random);
    const partition = random.integer(0, partitions - 1);
    const position = `${partition}/${offsets[partition]!++}`;
    if (bad) letters.set(position, value.toString("base64"));
    else rows.set(position, JSON.stringify([good.id, good.amount, good.happened.replace("T", " "), good.name]));
    messages.push({ partition, value });
    if (messages.length === sendMax || id === records - 1) {
      await producer.send({ topic, acks: -1, messages });
      messages = [];
    }
  }
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  return { rows, letters };
}

async function load(options: {
  readonly bootstrap: string;
  readonly topic: string;
  readonly directory: string;
  readonly format: object;
}): Promise<Summary> {
  const { directory } = options;
  const scratchDirectory = join(directory, "scratch");
  await mkdir(scratchDirectory);
  const spec = {
    source: {
      kafka: {
        connection: "events",
        topics: [options.topic],
        startFrom: "earliest",
        tombstones: "skip",
        fetchWaitMs: 50,
        format: options.format,
      },
    },
    transform: { sql: "SELECT id, amount, happened, name, _partition AS p, _offset AS o FROM source" },
    sink: {
      duckdb: {
        path: "malformed.duckdb",
        schema: "main",
        table: "good",
        mode: { append: {} },
        schemaEvolution: "none",
        load: { everySeconds: 1, upToBytes: "32Mi", upToRows: 6000 },
      },
    },
    deadLetter: { files: { directory: "letters" } },
  } as PipelineSpec;
  const log = pino({ level: "silent" });
  const pipeline = { namespace: "test", name: options.topic };
  const context = {
    pipeline,
    connection: () => ({ kafka: { brokers: options.bootstrap.split(",") } }),
    secret: async () => "",
    value: async () => "",
    path: (text: string) => resolve(directory, text),
    scratchDirectory,
    now: () => Date.now(),
    log,
  };
  await using assembled = await assemble(spec, { context, limits: { memoryBytes: 1024 * 2 ** 20, cpus: 2 } });
  return await runAssembled(assembled, {
    pipeline,
    until: "caughtUp",
    registry: new Registry(),
    log,
    signal: new AbortController().signal,
    graceMs: 1000,
  }).run();
}

async function rowsOf(directory: string): Promise<ReadonlyMap<string, string>> {
  const instance = await DuckDBInstance.create(join(directory, "malformed.duckdb"), { threads: "1" });
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(
    "SELECT p, o::INTEGER, id::INTEGER, amount::VARCHAR, happened::VARCHAR, name FROM main.good",
  );
  const rows = result.getRows().map(([p, o, ...row]): [string, string] => [`${String(p)}/${String(o)}`, JSON.stringify(row)]);
  connection.closeSync();
  instance.closeSync();
  const byPosition = new Map(rows);
  expect(byPosition.size, "a position is in the table twice").toBe(rows.length);
  return byPosition;
}

async function lettersOf(directory: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(join(directory, "letters"))).filter((name) => name.endsWith(".jsonl"));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, "letters", name), "utf8")));
  const lines = texts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
  const letters = lines.map((line) => JSON.parse(line) as { partition: number; offset: number; value: string; error: string });
  expect(letters.every(({ error }) => error.length > 0)).toBe(true);
  return new Map(letters.map(({ partition, offset, value }) => [`${partition}/${offset}`, value]));
}
