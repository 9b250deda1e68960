import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKeyPairSync } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { NotConnected, Terminal } from "../../../runtime/component/errors.ts";
import { refusal, StatementRefused } from "../../../runtime/snowflake/errors.ts";
import { type Deadlines, openSession, type SnowflakeSession } from "../../../runtime/snowflake/session.ts";
import { type DriverCredentials, signIn } from "../../../runtime/snowflake/sign-in.ts";
import { openTestAccount, type TestAccount } from "../../snowflake/open-test-account.ts";

const tag = { namespace: "shop", pipeline: "orders", run: "run-1", generation: 7 };
let account: TestAccount;
let credentials: DriverCredentials;
const opened: SnowflakeSession[] = [];

beforeAll(async () => {
  account = await openTestAccount();
  credentials = await signIn(account.spec, nameOf(account), account.context()).credentials();
});
afterAll(() => account[Symbol.asyncDispose]());
beforeEach(() => account.faults?.clear());
afterEach(async () => {
  for (const session of opened.splice(0)) await session[Symbol.asyncDispose]();
});

/** As account.ts derives it. */
function nameOf({ spec }: TestAccount): string {
  return (spec.account ?? new URL(spec.url!).hostname).split(".", 1)[0]!.toUpperCase();
}

async function open(changes: { url?: string; credentials?: DriverCredentials; deadlines?: Partial<Deadlines> } = {}) {
  const { account: name, url = `https://${name}.snowflakecomputing.com`, role, warehouse } = account.spec;
  const session = await openSession({
    url,
    account: nameOf(account),
    credentials,
    role: role ?? null,
    warehouse: warehouse ?? null,
    tag,
    lockTimeoutMs: 1000,
    longestStatementMs: 60_000,
    ...changes,
  });
  opened.push(session);
  return session;
}

const inSchema = (name: string): string => `${account.database}.${account.schema}.${name}`;

describe("signing in", () => {
  test("that is refused is Terminal with what to do, though the driver's promise is kept", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const other = { ...credentials, privateKey: privateKey.export({ format: "pem", type: "pkcs8" }) } as DriverCredentials;
    const error = await open({ credentials: other }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Terminal);
    expect(error).toMatchObject({ reason: "AuthenticationFailed", message: expect.stringMatching(/RSA_PUBLIC_KEY/) });
  });

  test("where nobody listens is NotConnected within seconds, and nothing goes on behind it", async () => {
    const beganMs = Date.now();
    const child = await run(`http://127.0.0.1:1`);
    expect(child.text).toMatch(/^NotConnected account http:\/\/127\.0\.0\.1:1: no answer/);
    expect(Date.now() - beganMs).toBeLessThan(20_000);
  });

  test("where somebody listens and says nothing is NotConnected at our deadline", async () => {
    const server = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(open({ url, deadlines: { signInMs: 300 } })).rejects.toMatchObject({
      name: "NotConnected",
      message: `account ${url}: sign-in was not answered within 0.3 s`,
    });
    server.close();
  });

  test.each([
    [404, "Terminal", /AccountMissing|it answers 404/],
    [403, "Terminal", /it answers 403/],
    [503, "NotConnected", /no answer/],
  ])("at an address that answers %s is %s", async (status, name, message) => {
    const server = createHttpServer((_request, response) => void response.writeHead(status).end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const error = await open({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name, message: expect.stringMatching(message) });
    server.close();
    server.closeAllConnections();
  });

  test("sets the session up: times in UTC, bounds for locks and statements, and whose it is", async () => {
    const session = await open();
    const { columns, rows } = await session.execute("SHOW PARAMETERS IN SESSION");
    const at = (name: string): number => columns.findIndex((column) => column.toLowerCase() === name);
    const values = new Map(rows.map((row) => [row[at("key")], row[at("value")]]));
    expect(values.get("TIMEZONE")).toBe("UTC");
    expect(values.get("LOCK_TIMEOUT")).toBe("1");
    expect(values.get("STATEMENT_TIMEOUT_IN_SECONDS")).toBe("90");
    expect(values.get("ABORT_DETACHED_QUERY")).toBe("true");
    expect(JSON.parse(values.get("QUERY_TAG") ?? "")).toEqual({ app: "snowline", ...tag });
  });
});

describe("a statement", () => {
  test("answers texts, and how many rows it changed", async () => {
    const session = await open();
    const table = inSchema("ANSWERS");
    await session.execute(`CREATE TABLE ${table} (N NUMBER(38,0), T VARCHAR, B BOOLEAN)`);
    const { changed } = await session.execute(
      `INSERT INTO ${table} VALUES (12345678901234567890123456789012345678, ?, TRUE), (2, NULL, NULL)`,
      { binds: ["a 'text'"] },
    );
    expect(changed).toBe(2);
    expect(await session.execute(`SELECT N, T, B FROM ${table} ORDER BY N DESC`)).toMatchObject({
      columns: ["N", "T", "B"],
      rows: [
        ["12345678901234567890123456789012345678", "a 'text'", expect.stringMatching(/^true$/i)],
        ["2", null, null],
      ],
    });
  });

  test("that is refused says so by its code, and the session goes on", async () => {
    const session = await open();
    const error = await session.execute(`SELECT * FROM ${inSchema("NONE")}`).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StatementRefused);
    expect(error).toMatchObject({ code: refusal.missing });
    expect((await session.execute("SELECT 1")).rows).toEqual([["1"]]);
    expect(session.alive).toBe(true);
  });

  test("that is refused for a value does not tell the value", async () => {
    const session = await open();
    const error = await session.execute("SELECT 'a-secret-value'::NUMBER").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StatementRefused);
    expect(String(error)).toMatch(/a value does not fit its column \(100038, query /);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain("a-secret-value");
    expect((error as Error).cause).toBe(undefined);
  });

  test("that is not answered within its deadline gives the session up, and the next one is refused at once", async () => {
    const session = await open();
    const beganMs = Date.now();
    await expect(session.execute("SELECT SYSTEM$WAIT(30)", { deadlineMs: 500 })).rejects.toBeInstanceOf(NotConnected);
    expect(Date.now() - beganMs).toBeLessThan(5000);
    expect(session.alive).toBe(false);
    await expect(session.execute("SELECT 1")).rejects.toBeInstanceOf(NotConnected);
  });
});

describe("when the account's faults strike,", () => {
  test.runIf(process.env["SNOWFLAKE_ACCOUNT"] === undefined)(
    "a lost answer and a 503 are repeated with the same request id, and take effect once",
    async () => {
      const session = await open();
      const table = inSchema("ONCE");
      await session.execute(`CREATE TABLE ${table} (N NUMBER)`);
      account.faults?.add({ action: { kind: "dropAfter" }, sql: "INSERT INTO .*ONCE" });
      account.faults?.add({ action: { kind: "answer", status: 503 }, sql: "INSERT INTO .*ONCE" });
      await session.execute(`INSERT INTO ${table} VALUES (1)`);
      expect((await session.execute(`SELECT COUNT(*) FROM ${table}`)).rows).toEqual([["1"]]);
      expect(account.faults?.list().map(({ struck }) => struck)).toEqual([1, 1]);
    },
  );

  test.runIf(process.env["SNOWFLAKE_ACCOUNT"] === undefined)("a session that is gone is NotConnected", async () => {
    const session = await open();
    account.faults?.add({ action: { kind: "sessionGone" }, sql: "SELECT 17" });
    await expect(session.execute("SELECT 17")).rejects.toBeInstanceOf(NotConnected);
    expect(session.alive).toBe(false);
  });

  test.runIf(process.env["SNOWFLAKE_ACCOUNT"] === undefined)("an expired token is renewed and nobody notices", async () => {
    const session = await open();
    account.faults?.add({ action: { kind: "tokenExpired" }, sql: "SELECT 18" });
    expect((await session.execute("SELECT 18")).rows).toEqual([["18"]]);
  });
});

describe("PUT", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "snowline-put-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test("has all the bytes in the stage, under the file's own name", async () => {
    const session = await open();
    await session.execute(`CREATE STAGE IF NOT EXISTS ${inSchema("FILES")}`);
    const path = join(directory, "it's a file.parquet");
    await writeFile(path, Buffer.alloc(100_000, "x"));
    await session.put(path, `@${inSchema("FILES")}/folder`);
    const { columns, rows } = await session.execute(`LIST @${inSchema("FILES")}`);
    expect(rows.map((row) => row[columns.indexOf("name")])).toEqual(["files/folder/it's a file.parquet"]);
  });

  test.runIf(process.env["SNOWFLAKE_ACCOUNT"] === undefined)(
    "that did not get there is NotConnected, though the driver calls it done",
    async () => {
      const session = await open();
      await session.execute(`CREATE STAGE IF NOT EXISTS ${inSchema("FILES")}`);
      const path = join(directory, "rows.parquet");
      await writeFile(path, "x");
      account.faults?.add({ action: { kind: "diskFull" }, count: null });
      await expect(session.put(path, `@${inSchema("FILES")}/full`)).rejects.toMatchObject({
        name: "NotConnected",
        message: expect.stringMatching(/file rows\.parquet did not get into the stage \(.*507\)/),
      });
      expect(session.alive).toBe(true);
    },
  );
});

test("the driver writes no file and no line, asks no metadata service, sends no telemetry, and lets the process end", async () => {
  const { spec } = account;
  const { code, text, hosts, files } = await run(spec.url ?? `https://${spec.account!}.snowflakecomputing.com`);
  expect({ code, text, files }).toEqual({ code: 0, text: "answered 1234567890123456789\n", files: [] });
  expect(hosts.filter((host) => !account.spec.url?.includes(host))).toEqual([]);
}, 30_000);

/** Opens a session in a process of its own, in an empty directory. */
async function run(url: string): Promise<{ code: number | null; text: string; hosts: string[]; files: string[] }> {
  const directory = await mkdtemp(join(tmpdir(), "snowline-driver-"));
  const home = await mkdtemp(join(tmpdir(), "snowline-home-"));
  try {
    const options = {
      url,
      account: nameOf(account),
      credentials,
      role: null,
      warehouse: null,
      tag,
      lockTimeoutMs: 1000,
      longestStatementMs: 1000,
    };
    const script = `
      import { subscribe } from "node:diagnostics_channel";
      const hosts = new Set();
      subscribe("http.client.request.start", ({ request }) => hosts.add(request.path.includes("telemetry") ? "telemetry" : request.host));
      const { openSession } = await import(${JSON.stringify(join(import.meta.dirname, "../../../runtime/snowflake/session.ts"))});
      try {
        const session = await openSession(${JSON.stringify(options)});
        console.log("answered " + (await session.execute("SELECT 1234567890123456789")).rows[0][0]);
        await session[Symbol.asyncDispose]();
      } catch (error) {
        console.log(error.name + " " + error.message);
      }
      process.on("exit", () => process.send([...hosts]));`;
    const child = spawn(process.execPath, ["--input-type=module"], {
      cwd: directory,
      env: { ...process.env, HOME: home },
      stdio: ["pipe", "pipe", "pipe", "ipc"],
    });
    // Not as an argument: there is a key in it.
    child.stdin!.end(script);
    let text = "";
    let hosts: string[] = [];
    child.stdout!.on("data", (chunk) => (text += String(chunk)));
    child.stderr!.on("data", (chunk) => (text += String(chunk)));
    child.on("message", (message) => (hosts = message as string[]));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, text, hosts, files: await readdir(directory) };
  } finally {
    await rm(directory, { recursive: true });
    await rm(home, { recursive: true });
  }
}
