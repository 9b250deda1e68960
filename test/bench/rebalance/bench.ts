// npm run bench:rebalance [-- --only classic --sink COPY]: for how long partitions stand still when pods join and leave, on a real
// broker with a record every 50 ms in each partition, by both group protocols, into a quick sink and one whose load takes seconds.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { PipelineSink } from "../../../crds/kinds/pipeline.ts";
import { startBroker } from "../../kafka/broker.ts";
import { independentClient, onceProducer } from "../../kafka/client.ts";
import { createTopic } from "../../kafka/create-topic.ts";
import { uniqueName } from "../../kafka/unique-name.ts";
import { openTestAccount } from "../../snowflake/open-test-account.ts";
import { secretsOf } from "../../snowflake/secrets-of.ts";
import type { Work } from "./pod.ts";
import { Pods } from "./pods.ts";
import { type Stall, stallsOf } from "./stalls.ts";

const partitions = 8;
/** Between two records of a partition: what a stall is measured to. */
const recordEveryMs = 50;
/** How long a COPY takes, in milliseconds, as a busy warehouse would. */
const copyMs = 5000;
const say = (line: string): void => console.log(line);

const protocols = [
  { name: "KIP-848", features: [] },
  { name: "classic", features: ["group.version=0"] },
] as const;

/** A sink, and how long after a step all is calm: two loads of what was read. */
interface Target {
  readonly name: string;
  readonly calmMs: number;
  readonly sink: PipelineSink;
  readonly connections: Work["connections"];
  readonly secrets: Work["secrets"];
}

/** Names of steps, and by how many pods. */
const steps = [
  { name: "1 -> 2", change: 1 },
  { name: "2 -> 4", change: 2 },
  { name: "4 -> 2", change: -2 },
  { name: "2 -> 1", change: -1 },
] as const;

async function produceUntil(bootstrap: string, topic: string, signal: AbortSignal): Promise<void> {
  const client = independentClient(bootstrap);
  const producer = onceProducer(client);
  await producer.connect();
  for (let n = 0; !signal.aborted; n++) {
    const value = JSON.stringify({ n });
    await producer.send({
      topic,
      acks: 1,
      messages: Array.from({ length: partitions }, (_, partition) => ({ partition, value })),
    });
    await sleep(recordEveryMs);
  }
  await producer.disconnect();
}

interface Line {
  readonly protocol: string;
  readonly sink: string;
  readonly step: string;
  readonly stalls: readonly Stall[];
}

async function measure(protocol: string, bootstrap: string, target: Target): Promise<readonly Line[]> {
  const directory = await mkdtemp(join(tmpdir(), "snowline-rebalance-"));
  const topic = uniqueName("orders");
  const admin = independentClient(bootstrap).admin();
  await createTopic(admin, { topic, numPartitions: partitions });
  await admin.disconnect();
  const format = { json: { columns: { n: "BIGINT" } } };
  const kafka = {
    connection: "events",
    topics: [topic],
    startFrom: "earliest",
    tombstones: "skip",
    fetchWaitMs: 100,
    format,
  } as const;
  const spec = {
    source: { kafka },
    transform: { sql: "SELECT n, _partition AS p FROM source" },
    sink: target.sink,
    deadLetter: { stop: {} },
  };
  const connections = { ...target.connections, events: { kafka: { brokers: bootstrap.split(",") } } };
  const stop = new AbortController();
  const lines: Line[] = [];
  try {
    await using pods = new Pods({ name: topic, spec, connections, secrets: target.secrets, directory });
    const producing = produceUntil(bootstrap, topic, stop.signal);
    for (const begin of await pods.prepare(1)) begin();
    while (new Set(pods.advances.map(({ split }) => split)).size < partitions) await sleep(100);
    await sleep(target.calmMs);
    for (const { name, change } of steps) {
      const begins = change > 0 ? await pods.prepare(change) : [];
      const fromMs = Date.now();
      for (const begin of begins) begin();
      if (change < 0) pods.end(-change);
      await pods.ended();
      await sleep(target.calmMs);
      const stalls = stallsOf(pods.advances, { name, fromMs, toMs: Date.now() });
      lines.push({ protocol, sink: target.name, step: name, stalls });
      say(textOf(lines.at(-1)!));
    }
    stop.abort();
    await producing;
    return lines;
  } finally {
    stop.abort();
    await rm(directory, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** `| KIP-848 | files | 1 -> 2 | 4: 0.1 (0.1) | 4: 1.2 (2.0) |`: how many partitions, the median stall and the longest. */
function textOf({ protocol, sink, step, stalls }: Line): string {
  const cell = (moved: boolean): string => {
    const seconds = stalls.filter((stall) => stall.moved === moved).map((stall) => stall.seconds);
    return seconds.length === 0 ? "-" : `${seconds.length}: ${median(seconds).toFixed(1)} (${Math.max(...seconds).toFixed(1)})`;
  };
  return `| ${protocol} | ${sink} | ${step} | ${cell(false)} | ${cell(true)} |`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: "string", default: "" }, sink: { type: "string", default: "" } },
  });
  await using account = await openTestAccount();
  account.faults?.add({ action: { kind: "delayBefore", ms: copyMs }, sql: "^COPY", count: null });
  const copy = { copy: { everySeconds: 30, upToBytes: "128Mi", upToRows: 1_000_000 } };
  const { database, schema } = account;
  const targets: readonly Target[] = [
    {
      name: "files, every 1 s",
      calmMs: 15_000,
      sink: { files: { directory: "rows", load: { everySeconds: 1, upToBytes: "1Mi", upToRows: 100_000 } } },
      connections: {},
      secrets: {},
    },
    {
      name: `COPY of ${copyMs / 1000} s, every 30 s`,
      calmMs: 45_000,
      sink: {
        snowflake: {
          connection: "warehouse",
          database,
          schema,
          table: "ROWS",
          load: copy,
          mode: { append: {} },
          schemaEvolution: "none",
        },
      },
      connections: { warehouse: { snowflake: account.spec } },
      secrets: await secretsOf(account),
    },
  ];
  const lines: string[] = [];
  for (const { name, features } of protocols.filter((protocol) => protocol.name.includes(values.only))) {
    await using broker = await startBroker({ say, features });
    for (const target of targets.filter((each) => each.name.includes(values.sink)))
      lines.push(...(await measure(name, broker.bootstrap, target)).map(textOf));
  }
  say("\nSeconds for which partitions stood still: how many, median (longest)\n");
  say("| protocol | sink | pods | partitions that stay | partitions that move |");
  say("| --- | --- | --- | --- | --- |");
  for (const line of lines) say(line);
}

await main();
