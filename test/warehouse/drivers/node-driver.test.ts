import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { FileAndStageBindStatement, RowStatement, StatementOption } from "snowflake-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DriverSession } from "../../snowflake/driver-session.ts";
import { openTestAccount, type TestAccount } from "../../snowflake/open-test-account.ts";

type Statement = RowStatement | FileAndStageBindStatement;

/** Runs a statement with the driver's own options; answers the statement and its rows. */
function execute(
  { connection }: DriverSession,
  options: StatementOption,
): Promise<{ readonly statement: Statement; readonly rows: unknown[] }> {
  return new Promise((resolve, reject) => {
    connection.execute({
      ...options,
      complete: (error, statement, rows) =>
        error === undefined || error === null ? resolve({ statement, rows: rows ?? [] }) : reject(error),
    });
  });
}

describe("the Node driver", () => {
  let account: TestAccount;
  let session: DriverSession;
  let directory: string;
  beforeAll(async () => {
    account = await openTestAccount({ longPollMs: 500 });
    console.log(`the Node driver talks to ${account.what}`);
    session = await account.openSession();
    directory = await mkdtemp(join(tmpdir(), "snowline-driver-"));
  });
  afterAll(async () => {
    await session?.[Symbol.asyncDispose]();
    await account?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  it("reads each type as JavaScript's own, and as text", async () => {
    const plain = await account.openSession({ fetchAsString: [] });
    const [row] = await plain.query(`SELECT 12.5::NUMBER(10,2) AS n, 1.5::FLOAT AS f, 'é' AS t, TRUE AS b, DATE '2026-01-31' AS d,
      '2026-01-31 10:11:12.123456'::TIMESTAMP_NTZ AS ts, '2026-01-31 10:11:12 +00:00'::TIMESTAMP_TZ AS tz, TO_BINARY('00FF', 'HEX') AS x,
      PARSE_JSON('{"a": [1, null]}') AS v, NULL::INT AS nothing`);
    expect(row).toMatchObject({ N: 12.5, F: 1.5, T: "é", B: true, V: { a: [1, null] }, NOTHING: null });
    const { D, TS, TZ, X } = row as unknown as Readonly<Record<string, Date>> & { readonly X: Buffer };
    expect([D, TS, TZ].map((date) => new Date(date!).toISOString())).toEqual([
      "2026-01-31T00:00:00.000Z",
      "2026-01-31T10:11:12.123Z",
      "2026-01-31T10:11:12.000Z",
    ]);
    expect(Buffer.from(X).toString("hex")).toBe("00ff");
    await plain[Symbol.asyncDispose]();
    const [text] = await session.query("SELECT 12345678901234567890123456789012345678 AS n, DATE '2026-01-31' AS d, TRUE AS b");
    expect(text).toEqual({ N: "12345678901234567890123456789012345678", D: "2026-01-31", B: "TRUE" });
  });

  it("binds values, lists of them, and lists so long that they go through a stage", async () => {
    await session.query("CREATE OR REPLACE TABLE binds (a INT, b VARCHAR)");
    await session.query("INSERT INTO binds VALUES (?, ?)", [1, "it's"]);
    await session.query("INSERT INTO binds SELECT :1, :2", [2, null]);
    const few = Array.from({ length: 100 }, (_none, n) => [n + 10, `row ${n}`]);
    await session.query("INSERT INTO binds VALUES (?, ?)", few);
    expect(await session.query("SELECT COUNT(*) AS n, COUNT(b) AS b, SUM(a) AS s FROM binds")).toEqual([
      { N: "102", B: "101", S: "5953" },
    ]);
    const many = Array.from({ length: 40_000 }, (_none, n) => [n, n % 4 === 0 ? null : `"row", ${n}\n`]);
    await session.query("INSERT INTO binds VALUES (?, ?)", many);
    expect(
      await session.query("SELECT COUNT(*) AS n, COUNT(b) AS b, MAX(b) AS m FROM binds WHERE b LIKE '\"%' OR b IS NULL"),
    ).toEqual([{ N: "40001", B: "30000", M: '"row", 9999\n' }]);
  });

  it("streams a large result", async () => {
    const { statement } = await execute(session, {
      sqlText: "SELECT SEQ4() AS n, REPEAT('x', 100) AS t FROM TABLE(GENERATOR(ROWCOUNT => 100000)) ORDER BY n",
      streamResult: true,
    });
    let [count, sum] = [0, 0];
    for await (const row of statement.streamRows() as AsyncIterable<{ readonly N: string }>) {
      count++;
      sum += Number(row.N);
    }
    expect([count, sum]).toEqual([100_000, 4_999_950_000]);
  });

  it("describes what a statement gives, and what it changed", async () => {
    await session.query("CREATE OR REPLACE TABLE changed (a NUMBER(10,2) NOT NULL, b VARCHAR(20))");
    const described = await execute(session, { sqlText: "SELECT a, b FROM changed", describeOnly: true });
    expect(described.statement.getColumns()?.map((column) => [column.getName(), column.getType(), column.isNullable()])).toEqual([
      ["A", "fixed", false],
      ["B", "text", true],
    ]);
    const inserted = await execute(session, { sqlText: "INSERT INTO changed VALUES (1, 'x'), (2, 'y')" });
    expect(inserted.statement.getNumUpdatedRows()).toBe(2);
    const updated = await execute(session, { sqlText: "UPDATE changed SET b = 'z' WHERE a = 1" });
    expect(updated.statement.getNumUpdatedRows()).toBe(1);
  });

  it("is told why a statement fails, and goes on", async () => {
    await expect(session.query("SELEC 1")).rejects.toMatchObject({ code: "001003", sqlState: "42000" });
    await expect(session.query("SELECT * FROM no_such_table")).rejects.toMatchObject({ code: "002003", sqlState: "42S02" });
    await expect(session.query("SELECT nothing FROM (SELECT 1 AS a)")).rejects.toMatchObject({
      code: "000904",
      sqlState: "42000",
    });
    expect(await session.query("SELECT 1 AS a")).toEqual([{ A: "1" }]);
  });

  it("runs several statements of one text", async () => {
    const results: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      session.connection.execute({
        sqlText: "CREATE OR REPLACE TABLE several (a INT); INSERT INTO several VALUES (1), (2); SELECT a FROM several ORDER BY a",
        parameters: { MULTI_STATEMENT_COUNT: 3 },
        // Called for each of them.
        complete: (error, statement, rows) => {
          if (error !== undefined && error !== null) return reject(error);
          results.push(rows);
          const several = statement as RowStatement & { hasNext(): boolean; NextResult(): void };
          return several.hasNext() ? several.NextResult() : resolve();
        },
      });
    });
    expect(results).toMatchObject([
      [{ status: "Table SEVERAL successfully created." }],
      [{ "number of rows inserted": "2" }],
      [{ A: "1" }, { A: "2" }],
    ]);
  });

  it("waits for a long statement, cancels one, and comes back for an asynchronous one", async () => {
    expect(await session.query("SELECT SYSTEM$WAIT(2) AS w")).toEqual([{ W: "waited 2 seconds" }]);
    const cancelled = new Promise((resolve) => {
      const statement = session.connection.execute({
        sqlText: "SELECT SYSTEM$WAIT(30)",
        complete: (error) => resolve(error?.code),
      });
      setTimeout(() => statement.cancel(() => undefined), 1_500);
    });
    expect(await cancelled).toBe("000604");
    const { statement } = await execute(session, { sqlText: "SELECT SYSTEM$WAIT(1) AS w", asyncExec: true });
    const queryId = statement.getQueryId();
    expect(await session.connection.getQueryStatus(queryId)).toBe("RUNNING");
    const later = await session.connection.getResultsFromQueryId({ queryId, sqlText: "" });
    const rows: unknown[] = [];
    for await (const row of later.streamRows()) rows.push(row);
    expect(rows).toEqual([{ W: "waited 1 seconds" }]);
  });

  it("keeps transactions apart", async () => {
    await session.query("CREATE OR REPLACE TABLE money (a INT)");
    await session.query("BEGIN");
    await session.query("INSERT INTO money VALUES (1)");
    expect(await account.query("SELECT COUNT(*) AS n FROM money")).toEqual([{ N: "0" }]);
    await expect(session.query("SELECT nothing FROM money")).rejects.toMatchObject({ code: "000904" });
    await session.query("COMMIT");
    expect(await account.query("SELECT COUNT(*) AS n FROM money")).toEqual([{ N: "1" }]);
  });

  it("puts files into a stage, gets them back, and loads them", async () => {
    const path = join(directory, "rows.csv");
    const content = Array.from({ length: 1000 }, (_none, n) => `${n},"row, ${n}"\n`).join("");
    await writeFile(path, content);
    await session.query("CREATE OR REPLACE STAGE rounds");
    await session.query("CREATE OR REPLACE TABLE loaded (a INT, b VARCHAR)");
    expect(await session.query(`PUT 'file://${path}' @rounds/folder`)).toMatchObject([
      { target: "rows.csv.gz", status: "UPLOADED" },
    ]);
    expect(await session.query(`PUT 'file://${path}' @rounds/folder`)).toMatchObject([{ status: "SKIPPED" }]);
    expect(await session.query("LIST @rounds")).toMatchObject([{ name: "rounds/folder/rows.csv.gz" }]);
    expect(
      await session.query("COPY INTO loaded FROM @rounds/folder FILE_FORMAT = (TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '\"')"),
    ).toMatchObject([{ status: "LOADED", rows_parsed: "1000", rows_loaded: "1000" }]);
    expect(await session.query("SELECT COUNT(*) AS n, SUM(a) AS s, MAX(b) AS b FROM loaded")).toEqual([
      { N: "1000", S: "499500", B: "row, 999" },
    ]);
    expect(await session.query(`GET @rounds/folder 'file://${directory}/'`)).toMatchObject([{ status: "DOWNLOADED" }]);
    expect(gunzipSync(await readFile(join(directory, "rows.csv.gz"))).toString()).toBe(content);
    await session.query("REMOVE @rounds");
    expect(await session.query("LIST @rounds")).toEqual([]);
  });

  it("merges", async () => {
    await session.query("CREATE OR REPLACE TABLE target (k INT, v VARCHAR)");
    await session.query("INSERT INTO target VALUES (1, 'old'), (2, 'old')");
    expect(
      await session.query(`MERGE INTO target t USING (SELECT column1 AS k, column2 AS v, column3 AS gone FROM VALUES
        (1, 'new', FALSE), (2, NULL, TRUE), (3, 'new', FALSE)) s ON t.k = s.k WHEN MATCHED AND s.gone THEN DELETE
        WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED AND NOT s.gone THEN INSERT (k, v) VALUES (s.k, s.v)`),
    ).toEqual([{ "number of rows inserted": "1", "number of rows updated": "1", "number of rows deleted": "1" }]);
    expect(await session.query("SELECT * FROM target ORDER BY k")).toEqual([
      { K: "1", V: "new" },
      { K: "3", V: "new" },
    ]);
  });

  it("renews an expired token, repeats what was answered 503, and loads once what it sends twice", async ({ skip }) => {
    if (account.faults === null) skip("a real account has no faults on command");
    await session.query("CREATE OR REPLACE TABLE once (a INT)");
    account.faults!.add({ action: { kind: "tokenExpired" }, sql: "VALUES \\(1\\)" });
    account.faults!.add({ action: { kind: "answer", status: 503 }, sql: "VALUES \\(2\\)", count: 2 });
    account.faults!.add({ action: { kind: "dropAfter" }, sql: "VALUES \\(3\\)", count: 2 });
    for (const value of [1, 2, 3]) await session.query(`INSERT INTO once VALUES (${value})`);
    expect(await session.query("SELECT a FROM once ORDER BY a")).toEqual([{ A: "1" }, { A: "2" }, { A: "3" }]);
    expect(account.faults!.list().map(({ struck }) => struck)).toEqual([1, 2, 2]);
    account.faults!.add({ action: { kind: "sessionGone" }, sql: "VALUES \\(4\\)" });
    const lost = await account.openSession();
    await expect(lost.query("INSERT INTO once VALUES (4)")).rejects.toMatchObject({ code: 407_002 });
    expect(lost.connection.isUp()).toBe(false);
  });
});

// A real account has its own users.
describe.skipIf(process.env["SNOWFLAKE_ACCOUNT"] !== undefined)("the Node driver signs in", () => {
  let account: TestAccount;
  beforeAll(async () => {
    account = await openTestAccount();
  });
  afterAll(() => account[Symbol.asyncDispose]());

  const whoami = async (options: Parameters<TestAccount["openSession"]>[0]) => {
    const session = await account.openSession(options);
    const [row] = await session.query("SELECT CURRENT_USER() AS u, CURRENT_ROLE() AS r");
    await session[Symbol.asyncDispose]();
    return row;
  };

  it("with a password, a programmatic access token and OAuth client credentials", async () => {
    const server = account.server!;
    const { users, catalog } = server.account;
    users.create("ANN", new Map([["PASSWORD", "a password"]]));
    await catalog.grants.grantRole("ACCOUNTADMIN", { user: "ANN" });
    const ann = { username: "ANN" };
    expect(await whoami({ ...ann, authenticator: "SNOWFLAKE", password: "a password" })).toEqual({ U: "ANN", R: "ACCOUNTADMIN" });
    await expect(whoami({ ...ann, authenticator: "SNOWFLAKE", password: "wrong" })).rejects.toMatchObject({ code: "390100" });
    const token = users.addAccessToken("ANN", "T", { roleRestriction: "PUBLIC" });
    expect(await whoami({ ...ann, authenticator: "PROGRAMMATIC_ACCESS_TOKEN", token, role: "PUBLIC" })).toEqual({
      U: "ANN",
      R: "PUBLIC",
    });
    server.issuer.addClient({ id: "app", secret: "app's secret", claims: { sub: "ANN" } });
    const client = {
      ...ann,
      authenticator: "OAUTH_CLIENT_CREDENTIALS",
      oauthClientId: "app",
      oauthTokenRequestUrl: server.issuer.tokenUrl,
      oauthScope: "session:role:accountadmin",
      oauthHttpAllowed: true,
    };
    expect(await whoami({ ...client, oauthClientSecret: "app's secret" })).toEqual({ U: "ANN", R: "ACCOUNTADMIN" });
    await expect(whoami({ ...client, oauthClientSecret: "wrong" })).rejects.toThrow("status code 401");
  });

  it("with a workload's identity", async () => {
    const server = account.server!;
    const subject = "system:serviceaccount:loads:orders";
    server.account.users.create(
      "POD",
      new Map([["WORKLOAD_IDENTITY", { TYPE: "OIDC", ISSUER: server.issuer.url, SUBJECT: subject }]]),
    );
    // The driver sends workload tokens to Snowflake's own hosts and to those that are named here.
    process.env["SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES"] = "127.0.0.1";
    const workload = {
      authenticator: "WORKLOAD_IDENTITY",
      workloadIdentityProvider: "OIDC",
      username: "",
      role: "PUBLIC",
    } as const;
    try {
      const token = server.issuer.token({ sub: subject, aud: "snowflakecomputing.com" });
      expect(await whoami({ ...workload, token })).toEqual({ U: "POD", R: "PUBLIC" });
      const other = server.issuer.token({ sub: "somebody else", aud: "snowflakecomputing.com" });
      await expect(whoami({ ...workload, token: other })).rejects.toMatchObject({ code: "394304" });
    } finally {
      delete process.env["SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES"];
    }
  });
});
