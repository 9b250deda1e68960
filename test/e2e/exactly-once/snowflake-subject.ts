import type { SnowflakeSink } from "../../../crds/connectors/snowflake.ts";
import type { TestAccount } from "../../snowflake/open-test-account.ts";
import { secretsOf } from "../../snowflake/secrets-of.ts";
import type { FaultAction } from "../../../warehouse/faults.ts";
import type { KillPlace, KillSubject } from "./kill.ts";
import type { Random } from "./random.ts";
import type { TopicRow } from "./topic.ts";

const bounds = { everySeconds: 1, upToBytes: "1Mi", upToRows: 1000 };

/** The ways into Snowflake, as a manifest says them. */
export const ways: Readonly<Record<string, Pick<SnowflakeSink, "load" | "mode">>> = {
  "copy, append": { load: { copy: bounds }, mode: { append: {} } },
  "copy, upsert": { load: { copy: bounds }, mode: { upsert: { key: ["file", "n"] } } },
  streaming: { load: { streaming: { ...bounds, onRejectedRows: "stop" } }, mode: { append: {} } },
  snowpipe: { load: { snowpipe: { ...bounds, autoIngest: false } }, mode: { append: {} } },
};

/** A schema of its own in the account for each pipeline. */
export function snowflakeSubject(account: TestAccount, way: Pick<SnowflakeSink, "load" | "mode">): KillSubject {
  let places = 0;
  return {
    open: async () => openPlace(account, { ...way, schema: `${account.schema}_${Date.now()}_${++places}` }),
    effectsMax: 140,
    insideMicrosMax: 30_000,
    preloaded: ["runtime/sinks/snowflake/snowflake-sink.ts", "runtime/snowflake/session.ts"].map(
      (path) => new URL(`../../../${path}`, import.meta.url).href,
    ),
  };
}

async function openPlace(
  account: TestAccount,
  { load, mode, schema }: Pick<SnowflakeSink, "load" | "mode" | "schema">,
): Promise<KillPlace> {
  const { database } = account;
  await account.query(`CREATE SCHEMA ${database}.${schema}`);
  return {
    sink: { snowflake: { connection: "warehouse", database, schema, table: "SMALL", load, mode, schemaEvolution: "none" } },
    connections: { warehouse: { snowflake: account.spec } },
    secrets: await secretsOf(account),
    table: () => smallTable(account, schema),
    async [Symbol.asyncDispose]() {
      await account.query(`DROP SCHEMA ${database}.${schema}`);
    },
  };
}

/** The rows that anybody else can see, in order of file and number; none where the table is not there yet. */
async function smallTable(account: TestAccount, schema: string): Promise<readonly TopicRow[]> {
  const place = `${account.database}.${schema}`;
  const there = await account.query(`SHOW TABLES LIKE 'SMALL' IN SCHEMA ${place}`);
  if (there.length === 0) return [];
  const rows = await account.query(`SELECT FILE, N, TEXT FROM ${place}.SMALL ORDER BY FILE, N`);
  return rows.map((row) => ({ file: String(row["FILE"]), n: Number(row["N"]), text: String(row["TEXT"]) }));
}

/** What goes wrong now and then, each with this probability: what a network, a service under load and an administrator do. */
const mishaps: readonly {
  readonly action: FaultAction;
  readonly path?: string;
  readonly sql?: string;
  readonly probability: number;
}[] = [
  { action: { kind: "dropBefore" }, path: "query-request", probability: 0.01 },
  { action: { kind: "dropAfter" }, path: "query-request", probability: 0.01 },
  { action: { kind: "dropAfter" }, sql: "^COMMIT", probability: 0.08 },
  { action: { kind: "dropBefore" }, sql: "^COMMIT", probability: 0.04 },
  { action: { kind: "answer", status: 503 }, path: "query-request", probability: 0.01 },
  { action: { kind: "sessionGone" }, sql: "^(UPDATE|COPY|MERGE|COMMIT)", probability: 0.02 },
  { action: { kind: "tokenExpired" }, sql: "^(BEGIN|UPDATE|COPY|SELECT)", probability: 0.01 },
  { action: { kind: "diskFull" }, path: "^PUT ", probability: 0.01 },
  { action: { kind: "throttle" }, path: "/rows", probability: 0.05 },
  { action: { kind: "dropAfter" }, path: "/(rows|insertFiles)", probability: 0.05 },
  { action: { kind: "staleContinuationToken" }, path: "/rows", probability: 0.02 },
  { action: { kind: "channelInvalidated" }, path: "/rows", probability: 0.02 },
  { action: { kind: "delayedCommit", ms: 300 }, path: "/rows", probability: 0.2 },
  { action: { kind: "lostCommit" }, path: "/rows", probability: 0.02 },
];

/** Arms the account with mishaps, the same for the same seed. A real account has its own. */
export function armMishaps({ faults }: TestAccount, random: Random): void {
  for (const mishap of mishaps) faults?.add({ ...mishap, count: null, seed: random.integer(1, 2 ** 31) });
}
