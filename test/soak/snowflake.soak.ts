import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { SnowflakeSink } from "../../crds/connectors/snowflake.ts";
import type { Life } from "../e2e/exactly-once/child.ts";
import { Lives, type RunningLife } from "../e2e/exactly-once/lives.ts";
import { type Random, seeded, seedOfRun } from "../e2e/exactly-once/random.ts";
import { armMishaps } from "../e2e/exactly-once/snowflake-subject.ts";
import { letterValues } from "../e2e/exactly-once/table.ts";
import { sharedBroker } from "../kafka/shared-broker.ts";
import { openTestAccount, type TestAccount } from "../snowflake/open-test-account.ts";
import { secretsOf } from "../snowflake/secrets-of.ts";
import { openSoakTopic, partitions, soakColumns, soakSql, soakSums, type SoakTopic } from "./soak-topic.ts";

const records = 5_200_000;
/** SNOWLINE_SOAK_MINUTES shortens it while somebody works on the test. */
const durationMs = Number(process.env["SNOWLINE_SOAK_MINUTES"] ?? 10) * 60_000;
/** Somebody is killed, or frozen for a while, this often in the mean. */
const strikeEveryMs = 15_000;
/** After the last record: rebalances, backoff and what the faults still cost. */
const settleMs = 300_000;

const bounds = { everySeconds: 2, upToBytes: "32Mi", upToRows: 200_000 };
const ways: Readonly<Record<string, SnowflakeSink["load"]>> = {
  BY_COPY: { copy: bounds },
  BY_STREAMING: { streaming: { ...bounds, onRejectedRows: "stop" } },
};

interface Soaked {
  readonly account: TestAccount;
  readonly topic: SoakTopic;
  readonly bootstrap: string;
  readonly directory: string;
}

async function lifeOf({ account, topic, bootstrap, directory }: Soaked, table: string): Promise<Life> {
  const { database, schema } = account;
  const folder = join(directory, table);
  return {
    spec: {
      source: {
        kafka: {
          connection: "events",
          topics: [topic.topic],
          groupId: `${topic.topic}-${table}`,
          startFrom: "earliest",
          tombstones: "skip",
          fetchWaitMs: 100,
          format: { json: { columns: soakColumns } },
        },
      },
      transform: { sql: soakSql },
      sink: {
        snowflake: {
          connection: "warehouse",
          database,
          schema,
          // Positions are named after the pipeline: each of the two has its schema.
          stateSchema: `${schema}_${table}`,
          table,
          load: ways[table]!,
          mode: { append: {} },
          schemaEvolution: "none",
        },
      },
      deadLetter: { files: { directory: "letters" } },
    },
    connections: { events: { kafka: { brokers: bootstrap.split(",") } }, warehouse: { snowflake: account.spec } },
    secrets: await secretsOf(account),
    directory: folder,
    scratchDirectory: join(folder, "scratch"),
    failpoint: null,
    until: "stopped",
    batch: { everyMs: 2000, recordsMax: 200_000 },
  };
}

/** `calm`: nobody is struck any more; `end`: all are to stop. */
interface Phases {
  readonly calm: AbortSignal;
  readonly end: AbortSignal;
}

interface Struck {
  readonly strikes: number;
  /** What pods said that ended by themselves. */
  readonly failed: readonly string[];
}

/** Two pods of a pipeline; until it is calm one dies now and then and another is born, or one freezes and thaws. */
async function strike(life: Life, random: Random, { calm, end }: Phases): Promise<Struck> {
  await using lives = new Lives();
  const running: RunningLife[] = [await lives.begin(life), await lives.begin(life)];
  const failed: string[] = [];
  let strikes = 0;
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: calm }).catch(() => {});
  for (;;) {
    await pause(random.integer(strikeEveryMs / 2, strikeEveryMs * 1.5));
    if (calm.aborted) break;
    strikes++;
    const at = random.integer(0, running.length - 1);
    const struck = running[at]!;
    if (random.next() < 0.5) {
      struck.signal("SIGKILL");
      const { killed, message, output } = await struck.death;
      if (!killed) failed.push(message ?? output);
      running[at] = await lives.begin(life);
    } else {
      struck.signal("SIGSTOP");
      await pause(random.integer(1000, 15_000));
      struck.signal("SIGCONT");
    }
  }
  if (!end.aborted) await once(end, "abort");
  for (const life of running) life.signal("SIGTERM");
  for (const { endedBy, message } of await Promise.all(running.map(({ death }) => death)))
    if (endedBy !== "stopped") failed.push(message ?? String(endedBy));
  return { strikes, failed };
}

interface Sums {
  readonly rows: number;
  readonly distinct: number;
  readonly sum: number;
}

/** Per partition what the table holds; nothing before it is there. */
async function sumsOf(account: TestAccount, table: string): Promise<readonly Sums[]> {
  const there = await account.query(`SHOW TABLES LIKE '${table}' IN SCHEMA ${account.database}.${account.schema}`);
  if (there.length === 0) return [];
  const rows = await account.query(
    `SELECT P, COUNT(*) AS C, COUNT(DISTINCT N) AS D, SUM(N) AS S FROM ${account.database}.${account.schema}.${table} GROUP BY P ORDER BY P`,
  );
  return rows.map((row) => ({ rows: Number(row["C"]), distinct: Number(row["D"]), sum: Number(row["S"]) }));
}

test(`${records} records in ${durationMs / 60_000} minutes, with kills, frozen pods and faults: the tables in Snowflake equal the topic`, async () => {
  const seed = seedOfRun();
  const { bootstrap } = await sharedBroker();
  const directory = await mkdtemp(join(tmpdir(), "snowline-soak-"));
  try {
    await using account = await openTestAccount();
    await using topic = await openSoakTopic(bootstrap);
    process.stdout.write(`soak: seed ${seed}, ${account.what}\n`);
    const soaked = { account, topic, bootstrap, directory };
    for (const table of Object.keys(ways)) await account.query(`CREATE SCHEMA ${account.database}.${account.schema}_${table}`);
    armMishaps(account, seeded(seed));
    const [calm, end] = [new AbortController(), new AbortController()];
    const phases = { calm: calm.signal, end: end.signal };
    const struck = Object.keys(ways).map(async (table, at) => strike(await lifeOf(soaked, table), seeded(seed + at), phases));
    await topic.fill(records, durationMs);
    calm.abort();
    const { rows, sum, letters } = soakSums(topic.produced);
    const expected = Array.from({ length: partitions }, () => ({ rows, distinct: rows, sum }));
    const settled = await arrived(account, rows * partitions);
    end.abort();
    const outcomes = await Promise.all(struck);
    account.faults?.clear();
    for (const [at, table] of Object.keys(ways).entries()) {
      expect([table, outcomes[at]!.failed]).toEqual([table, []]);
      expect([table, await sumsOf(account, table)]).toEqual([table, expected]);
      expect([table, (await letterValues(join(directory, table, "letters"))).size]).toEqual([table, letters * partitions]);
      await account.query(`DROP SCHEMA ${account.database}.${account.schema}_${table}`);
    }
    const strikes = outcomes.map(({ strikes }) => strikes).join(" and ");
    process.stdout.write(
      `soak: ${topic.produced * partitions} records, ${strikes} strikes, settled ${settled.toFixed(0)} s after the last record\n`,
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

/** Waits until both tables have so many rows; answers after how many seconds. What is missing then shows in the comparison. */
async function arrived(account: TestAccount, rows: number): Promise<number> {
  const began = performance.now();
  for (;;) {
    const counts = await Promise.all(
      Object.keys(ways).map(async (table) => (await sumsOf(account, table)).reduce((all, sum) => all + sum.rows, 0)),
    );
    const elapsedMs = performance.now() - began;
    if (counts.every((count) => count >= rows) || elapsedMs > settleMs) return elapsedMs / 1000;
    await sleep(1000);
  }
}
