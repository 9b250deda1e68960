import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Binds, ConnectionOptions } from "snowflake-sdk";
import type { SnowflakeConnection } from "../../crds/connectors/snowflake.ts";
import type { ComponentContext } from "../../runtime/component/context.ts";
import type { Faults } from "../../warehouse/faults.ts";
import { type RunningWarehouse, startWarehouse, type WarehouseOptions } from "../../warehouse/start-warehouse.ts";
import { type DriverSession, openDriverSession, type TextRow } from "./driver-session.ts";

/**
 * An account to test on: our server, started for this test, or the real account that these variables of the environment name, all
 * of which have to be set: SNOWFLAKE_ACCOUNT (`myorg-myaccount`), SNOWFLAKE_USER, SNOWFLAKE_PRIVATE_KEY_FILE (PEM, not encrypted)
 * or SNOWFLAKE_TOKEN (a programmatic access token), SNOWFLAKE_ROLE (it may create schemas in the database), SNOWFLAKE_WAREHOUSE,
 * SNOWFLAKE_DATABASE. A schema of its own is made for the test and dropped when it is disposed of.
 */
export interface TestAccount extends AsyncDisposable {
  /** Which one it is, in a line. */
  readonly what: string;
  /** As a Connection's manifest has it; its secrets are in `secretsDirectory`. */
  readonly spec: SnowflakeConnection;
  /** `<directory>/<secret>/<key>`, as `snowline run --secrets` takes it. */
  readonly secretsDirectory: string;
  /** Names as stored. */
  readonly database: string;
  readonly schema: string;
  /** Runs a statement as somebody who looks on, in a session of their own whose schema is `schema`. */
  query(sql: string, binds?: Binds): Promise<readonly TextRow[]>;
  /** Another session of the Node driver, signed in as the Connection does. */
  openSession(options?: Partial<ConnectionOptions>): Promise<DriverSession>;
  /** What a component is given: a Connection of any name is this account. */
  context(pipeline?: ComponentContext["pipeline"]): ComponentContext;
  /** Faults on command; null: a real account has its own. */
  readonly faults: Faults | null;
  /** Our server; null: a real account. */
  readonly server: RunningWarehouse | null;
}

/** Names and secrets by which an account is reached. */
interface Reached {
  readonly what: string;
  readonly spec: SnowflakeConnection;
  readonly secret: string;
  readonly database: string;
  readonly server: RunningWarehouse | null;
}

const user = "SNOWLINE_TEST";
const database = "SNOWLINE_TEST";
const secretName = "snowflake";
const key = { secret: secretName, key: "private-key.pem" } as const;
const token = { secret: secretName, key: "token" } as const;

/** Opens it; `options` are for our server. Throws where the variables name half an account. */
export async function openTestAccount(options: Partial<WarehouseOptions> = {}): Promise<TestAccount> {
  const directory = await mkdtemp(join(tmpdir(), "snowline-account-"));
  const reached = process.env["SNOWFLAKE_ACCOUNT"] === undefined ? await ourServer(options) : await realAccount(process.env);
  const reference = reached.spec.auth.keyPair === undefined ? token : key;
  await mkdir(join(directory, secretName));
  await writeFile(join(directory, secretName, reference.key), reached.secret, { mode: 0o600 });
  const schema = `TEST_${randomUUID().replaceAll("-", "").toUpperCase()}`;
  const openSession = (changes: Partial<ConnectionOptions> = {}) =>
    openDriverSession({ ...signInOf(reached), schema, ...changes });
  const onlooker = await openDriverSession(signInOf(reached));
  await onlooker.query(`CREATE SCHEMA ${reached.database}.${schema}`);
  await onlooker.query(`USE SCHEMA ${reached.database}.${schema}`);
  return {
    ...reached,
    secretsDirectory: directory,
    schema,
    query: (sql, binds) => onlooker.query(sql, binds),
    openSession,
    context: (pipeline = { namespace: "shop", name: "orders" }) => contextOf(reached, directory, pipeline),
    faults: reached.server?.account.faults ?? null,
    async [Symbol.asyncDispose]() {
      reached.server?.account.faults.clear();
      await onlooker.query(`DROP SCHEMA IF EXISTS ${reached.database}.${schema}`);
      await onlooker[Symbol.asyncDispose]();
      await reached.server?.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function ourServer(options: Partial<WarehouseOptions>): Promise<Reached> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const server = await startWarehouse({
    host: "127.0.0.1",
    port: 0,
    dataDirectory: null,
    accountName: "SNOWLINE-TEST",
    databases: [database],
    now: () => Date.now(),
    faults: true,
    log: pino({ level: "error" }),
    ...options,
    users: {
      [user]: { TYPE: "SERVICE", RSA_PUBLIC_KEY: publicKey.export({ format: "der", type: "spki" }).toString("base64") },
      ...options.users,
    },
  });
  return {
    what: `our server at ${server.url} (no real account: SNOWFLAKE_ACCOUNT is not set)`,
    spec: { url: server.url, user, role: "ACCOUNTADMIN", warehouse: "COMPUTE_WH", auth: { keyPair: { privateKeyFrom: key } } },
    secret: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    database,
    server,
  };
}

async function realAccount(environment: NodeJS.ProcessEnv): Promise<Reached> {
  const read = (name: string): string => {
    const value = environment[name];
    if (value === undefined || value === "") throw new Error(`test account: ${name} is not set, though SNOWFLAKE_ACCOUNT is`);
    return value;
  };
  const account = read("SNOWFLAKE_ACCOUNT");
  const given = environment["SNOWFLAKE_TOKEN"];
  return {
    what: `the account ${account}`,
    spec: {
      account,
      user: read("SNOWFLAKE_USER"),
      role: read("SNOWFLAKE_ROLE"),
      warehouse: read("SNOWFLAKE_WAREHOUSE"),
      auth: given === undefined ? { keyPair: { privateKeyFrom: key } } : { token: { tokenFrom: token } },
    },
    secret: given ?? (await readFile(read("SNOWFLAKE_PRIVATE_KEY_FILE"), "utf8")),
    database: read("SNOWFLAKE_DATABASE").toUpperCase(),
    server: null,
  };
}

function signInOf({ spec, secret, database }: Reached): ConnectionOptions {
  const { account, url, user, role, warehouse, auth } = spec;
  const signIn =
    auth.keyPair === undefined
      ? { authenticator: "PROGRAMMATIC_ACCESS_TOKEN", token: secret }
      : { authenticator: "SNOWFLAKE_JWT", privateKey: secret };
  return {
    account: account ?? "SNOWLINE-TEST",
    ...(url === undefined ? {} : { accessUrl: url }),
    username: user ?? "",
    role: role ?? "",
    warehouse: warehouse ?? "",
    database,
    ...signIn,
  };
}

function contextOf({ spec }: Reached, directory: string, pipeline: ComponentContext["pipeline"]): ComponentContext {
  const read = (secret: string, name: string) => readFile(join(directory, secret, name), "utf8");
  return {
    pipeline,
    connection: () => ({ snowflake: spec }),
    secret: (reference) => read(reference.secret, reference.key),
    value: (reference) => read(reference.secret ?? reference.configMap ?? "", reference.key),
    path: (text) => join(directory, text),
    scratchDirectory: directory,
    now: () => Date.now(),
    log: pino({ level: "silent" }),
  };
}
