import { generateKeyPairSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SnowflakeConnection } from "../../crds/connectors/snowflake.ts";
import { openTestAccount, type TestAccount } from "../snowflake/open-test-account.ts";
import { snowline } from "./captured-shell.ts";
import { folder, pipelineYaml } from "./manifests.ts";

let account: TestAccount;
beforeAll(async () => {
  account = await openTestAccount();
});
afterAll(() => account[Symbol.asyncDispose]());

const connectionYaml = (spec: SnowflakeConnection): string =>
  JSON.stringify({
    apiVersion: "snowline.dev/v1alpha1",
    kind: "Connection",
    metadata: { name: "warehouse" },
    spec: { snowflake: spec },
  });
const sink = (table: string, more = ""): string =>
  `{ snowflake: { connection: warehouse, database: ${account.database}, schema: ${account.schema}, table: ${table}${more} } }`;
const lines = (...amounts: readonly (number | string)[]): string =>
  amounts.map((amount, id) => JSON.stringify({ id: `o${id}`, amount })).join("\n");
const files = (name: string, more = "") =>
  folder({
    "orders.yaml": pipelineYaml({ name, sink: sink(name.toUpperCase(), more) }),
    "connections.yaml": connectionYaml(account.spec),
    "orders.jsonl": lines(1, 2, 3),
  });
const both = (place: Awaited<ReturnType<typeof files>>): string[] => [place.file("orders.yaml"), place.file("connections.yaml")];
const secrets = (): string[] => ["--secrets", account.secretsDirectory];

describe("a pipeline into Snowflake on the command line", () => {
  it("is planned, run, planned again and audited", async () => {
    await using place = await files("planned");
    const early = await snowline(["audit", ...both(place), ...secrets()]);
    expect(early).toMatchObject({ code: 0, stdout: expect.stringContaining("files    not known: the table is not there") });
    const before = await snowline(["plan", ...both(place), ...secrets()]);
    expect(before).toMatchObject({ code: 0, stderr: "" });
    expect(before.stdout).toContain(`Signed in at ${account.spec.url ?? ""}`);
    expect(before.stdout).toContain("The table is not there. Before the first load the sink would run:");
    expect(before.stdout).toContain(
      `CREATE TABLE IF NOT EXISTS "${account.database}"."${account.schema}"."PLANNED" ("ID" VARCHAR(16777216), "DOUBLED" NUMBER(`,
    );
    expect(before.stdout).toContain("SNOWLINE_POSITIONS_DEFAULT$PLANNED");

    const ran = await snowline(["run", ...both(place), ...secrets()]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain(`loaded 3 rows into table ${account.database}.${account.schema}.PLANNED`);
    expect(ran.stdout).toContain("  account  Snowflake (Connection warehouse)");
    expect(await account.query("SELECT COUNT(*) AS N, SUM(DOUBLED) AS S FROM PLANNED")).toEqual([{ N: "3", S: "12.00" }]);
    expect((await snowline(["run", ...both(place), ...secrets()])).stdout).toContain("nothing was loaded twice");

    const after = await snowline(["plan", ...both(place), ...secrets()]);
    expect(after).toMatchObject({ code: 0, stdout: expect.stringContaining("The table is there and takes the rows as it is.") });

    const audited = await snowline(["audit", ...both(place), ...secrets(), "--output", "json"]);
    expect(audited).toMatchObject({ code: 0, stderr: "" });
    const report = JSON.parse(audited.stdout) as {
      statements: { kind: string; count: number; failed: number }[];
      files: { loaded: number; rows: number };
      runs: number;
    };
    expect(report.files).toMatchObject({ loaded: 1, rows: 3, failed: 0 });
    expect(report.runs).toBe(2);
    expect(report.statements.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["COPY", "UPDATE"]));
    expect((await snowline(["audit", ...both(place), ...secrets()])).stdout).toMatch(/^planned: \d+ statements of 2 runs into /);
  }, 90_000);

  it("is audited apart from other pipelines, with what failed", async () => {
    await using place = await files("audited");
    await account.query("CREATE TABLE AUDITED (ID VARCHAR(1), DOUBLED NUMBER(18,2) NOT NULL)");
    const tag = (pipeline: string, run: string) => JSON.stringify({ app: "snowline", namespace: "default", pipeline, run });
    await using other = await account.openSession({ queryTag: tag("another", "r2") });
    await other.query("SELECT 2");
    await using session = await account.openSession({ queryTag: tag("audited", "r1") });
    await session.query("SELECT NOTHING FROM NOWHERE").catch(() => undefined);
    await session.query("SELECT 1");
    const { stdout } = await snowline(["audit", ...both(place), ...secrets()]);
    expect(stdout).toMatch(/^audited: \d+ statements of 1 run into /);
    expect(stdout).toMatch(/^Failures:\n {2}1× 2003, last /m);
    expect(stdout).toContain("files    0 loaded");
  });

  it("is refused by plan where the table does not take the rows, and where the account cannot be asked", async () => {
    await using place = await files("refused");
    await account.query("CREATE TABLE REFUSED (ID NUMBER(5,0))");
    const refused = await snowline(["plan", ...both(place), ...secrets()]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain("The table is there, and the rows do not fit:");
    const unasked = await snowline(["plan", place.file("orders.yaml")]);
    expect(unasked).toMatchObject({ code: 0, stdout: expect.stringContaining("The account was not asked") });
    const secretless = await snowline(["plan", ...both(place), "--secrets", place.path]);
    expect(secretless).toMatchObject({ code: 1, stdout: expect.stringContaining("The account cannot be asked: ") });
    expect(secretless.stdout).toContain("CREATE TABLE IF NOT EXISTS");
  });

  it("is refused by plan where its schema or warehouse is not there, and where its table is a view", async () => {
    const name = "misplaced";
    const { database, schema } = account;
    await account.query("CREATE VIEW MISPLACED_VIEW AS SELECT 'x' AS ID, 1.5 AS DOUBLED");
    const into = (where: string): string => `{ snowflake: { connection: warehouse, database: ${database}, ${where} } }`;
    await using place = await folder({
      "view.yaml": pipelineYaml({ name, sink: into(`schema: ${schema}, table: MISPLACED_VIEW`) }),
      "schema.yaml": pipelineYaml({ name, sink: into("schema: NOWHERE_AT_ALL, table: T") }),
      "connections.yaml": connectionYaml(account.spec),
      "cold.yaml": connectionYaml({ ...account.spec, warehouse: "NO_SUCH_WAREHOUSE" }),
    });
    const planned = (file: string, connections: string) =>
      snowline(["plan", place.file(file), place.file(connections), ...secrets()]);

    const view = await planned("view.yaml", "connections.yaml");
    expect(view.code).toBe(1);
    expect(view.stdout).toContain(`Table ${database}.${schema}.MISPLACED_VIEW: it is a view`);
    expect(view.stdout).not.toContain("takes the rows");

    const absent = await planned("schema.yaml", "connections.yaml");
    expect(absent.code).toBe(1);
    expect(absent.stdout).toContain(`Schema ${database}.NOWHERE_AT_ALL: it is not there, or the role may not see it`);

    const cold = await planned("schema.yaml", "cold.yaml");
    expect(cold.stdout).toContain("NO_SUCH_WAREHOUSE is not there, or the role may not use it");
  }, 60_000);

  it("plan shows stage and pipe of load.snowpipe, and the COPY that a pipe of the owner's has to run", async () => {
    const load = (more: string): string => `, load: { snowpipe: {${more}} }`;
    await using made = await files("piped", load(""));
    expect((await snowline(["plan", ...both(made), ...secrets()])).stdout).toMatch(
      /CREATE STAGE IF NOT EXISTS [^\n]*;\n {2}CREATE PIPE IF NOT EXISTS [^\n]* AS COPY INTO /,
    );
    await using given = await files("given", load(" pipe: mine "));
    const { stdout, code } = await snowline(["plan", ...both(given), ...secrets()]);
    expect(stdout).toContain("The pipe that the manifest names has to load like this one:");
    expect(stdout).toContain(`Pipe ${account.database}.${account.schema}.MINE: it is not there, or the role may not see it`);
    expect(code).toBe(1);
    expect(stdout).not.toContain("CREATE PIPE IF NOT EXISTS");
  });

  it("plan says which stage is not there, and that a table for rejected rows has to be made first", async () => {
    await using staged = await files("staged", ", load: { snowpipe: { stage: NO_LAKE } }");
    const { stdout, code } = await snowline(["plan", ...both(staged), ...secrets()]);
    expect(stdout).toContain(`Stage ${account.database}.${account.schema}.NO_LAKE: it is not there, or the role may not see it`);
    expect(code).toBe(1);

    await using logged = await files("logged", ", load: { streaming: { onRejectedRows: deadLetter } }");
    const first = await snowline(["plan", ...both(logged), ...secrets()]);
    expect(first).toMatchObject({ code: 1, stdout: expect.stringContaining("SET ERROR_LOGGING = TRUE") });
    await account.query("CREATE TABLE LOGGED (ID VARCHAR, DOUBLED NUMBER(38,2))");
    await account.query("ALTER TABLE LOGGED SET ERROR_LOGGING = TRUE");
    expect((await snowline(["plan", ...both(logged), ...secrets()])).code).toBe(0);
  }, 60_000);
});

// Making users and roles takes more than the role of a real test account may do.
describe.skipIf(process.env["SNOWFLAKE_ACCOUNT"] !== undefined)("from an empty account", () => {
  it("setup's SQL is what a pipeline needs: plan finds nothing missing, and it runs; one GRANT less, and plan prints it", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = { secret: "own-key", key: "rsa_key.p8" };
    const spec = {
      ...account.spec,
      user: "LOADS",
      role: "LOADER",
      warehouse: "LOAD_XS",
      auth: { keyPair: { privateKeyFrom: key } },
    };
    await using place = await folder({
      "orders.yaml": pipelineYaml({
        name: "fresh",
        sink: "{ snowflake: { connection: warehouse, database: FRESH, table: ORDERS, stateSchema: STATE, mode: { upsert: { key: [id] } } } }",
      }),
      "connections.yaml": connectionYaml(spec),
      "orders.jsonl": lines(1, 2, 3),
      "rsa_key.pub": publicKey.export({ type: "spki", format: "pem" }) as string,
    });
    const secret = join(place.path, "secrets", key.secret, key.key);
    await mkdir(dirname(secret), { recursive: true });
    await writeFile(secret, privateKey.export({ type: "pkcs8", format: "pem" }) as string, { mode: 0o600 });
    const args = [...both(place), "--secrets", join(place.path, "secrets")];

    const { stdout } = await snowline(["setup", "snowflake", ...both(place), "--key-file", place.file("rsa_key.pub")]);
    const statements = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("--"));
    const run = async () => {
      for (const statement of statements) await account.query(statement.replace(/;$/, ""));
    };
    await run();
    await run();

    const planned = await snowline(["plan", ...args]);
    expect(planned.stdout).toContain("as LOADS, role LOADER, warehouse LOAD_XS.\nThe role may do what it has to.");
    expect(planned.code).toBe(0);
    expect((await snowline(["run", ...args])).stdout).toContain("loaded 3 rows into table FRESH.PUBLIC.ORDERS");
    expect(await account.query("SELECT COUNT(*) AS N FROM FRESH.PUBLIC.ORDERS")).toEqual([{ N: "3" }]);
    expect((await snowline(["plan", ...args])).stdout).toContain("and nothing is missing.");

    await account.query("REVOKE USAGE ON SCHEMA FRESH.STATE FROM ROLE LOADER");
    const lacking = await snowline(["plan", ...args]);
    expect(lacking.code).toBe(1);
    expect(lacking.stdout).toContain("has to run:\n  GRANT USAGE ON SCHEMA FRESH.STATE TO ROLE LOADER;");
    // A privilege from a role that the role was granted is as good as its own.
    for (const statement of [
      "CREATE ROLE BASE",
      "GRANT USAGE ON SCHEMA FRESH.STATE TO ROLE BASE",
      "GRANT ROLE BASE TO ROLE LOADER",
    ])
      await account.query(statement);
    expect((await snowline(["plan", ...args])).stdout).toContain("and nothing is missing.");

    await account.query("CREATE TABLE FRESH.PUBLIC.OTHERS (ID VARCHAR, DOUBLED NUMBER(38,2))");
    await using others = await folder({
      "orders.yaml": pipelineYaml({
        name: "others",
        sink: "{ snowflake: { connection: warehouse, database: FRESH, table: OTHERS, stateSchema: STATE, schemaEvolution: addColumns } }",
      }),
      "connections.yaml": connectionYaml(spec),
      "orders.jsonl": lines(1, 2, 3),
    });
    const theirs = [...both(others), "--secrets", join(place.path, "secrets")];
    expect((await snowline(["plan", ...theirs])).stdout).toContain("A table on which LOADER has no privilege looks absent.");
    const hidden = await snowline(["run", ...theirs]);
    expect(hidden.code).toBe(1);
    expect(hidden.stderr).toContain("table FRESH.PUBLIC.OTHERS: it is there, but the role may not see it: GRANT SELECT, INSERT");
    // Ownership is asked for only where there is something to alter.
    await account.query("GRANT SELECT, INSERT ON TABLE FRESH.PUBLIC.OTHERS TO ROLE LOADER");
    expect((await snowline(["plan", ...theirs])).code).toBe(0);
    await account.query("ALTER TABLE FRESH.PUBLIC.OTHERS DROP COLUMN DOUBLED");
    expect((await snowline(["plan", ...theirs])).stdout).toContain("GRANT OWNERSHIP ON TABLE FRESH.PUBLIC.OTHERS TO ROLE LOADER");
  }, 90_000);
});
