import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { snowflakeAccount } from "../../../runtime/snowflake/account.ts";
import type { RunningWarehouse } from "../../../warehouse/start-warehouse.ts";
import { openTestAccount, type TestAccount } from "../../snowflake/open-test-account.ts";

/** The machine may be busy. */
const patient = { timeout: 10_000 };

let account: TestAccount;
let server: RunningWarehouse;
let tables = 0;
let table: string;
let scoped: string;

beforeAll(async () => {
  account = await openTestAccount();
  server = account.server!;
  scoped = (await exchange()).text;
});
afterAll(() => account[Symbol.asyncDispose]());
beforeEach(async () => {
  table = `T${++tables}`;
  await account.query(`CREATE TABLE ${table} (ID NUMBER(5,0), TEXT VARCHAR)`);
});
afterEach(() => {
  server.account.channels.throttle.requestsPerSecond = null;
  account.faults?.clear();
});

interface Called {
  readonly status: number;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

async function call(
  method: string,
  path: string,
  init: { token?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Called> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${init.token ?? scoped}`, ...init.headers },
    ...(init.body === undefined ? {} : { body: init.body }),
  });
  const text = await response.text();
  let json = {};
  try {
    json = JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    // The older form of an answer is bare text.
  }
  return { status: response.status, text, json };
}

async function exchange(grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"): Promise<Called> {
  const { token, type } = await snowflakeAccount(account.spec, account.context()).bearer();
  return call("POST", "/oauth/token", {
    token,
    headers: { "X-Snowflake-Authorization-Token-Type": type, "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ grant_type: grant, scope: "host" }).toString(),
  });
}

const place = (pipe = `${table}-STREAMING`) =>
  `/databases/${account.database}/schemas/${account.schema}/pipes/${encodeURIComponent(pipe)}`;
const open = (channel: string, pipe?: string) =>
  call("PUT", `/v2/streaming${place(pipe)}/channels/${channel}?requestId=1`, { body: "{}" });
const append = (
  channel: string,
  continuation: unknown,
  init: { body: string | Buffer; headers?: Record<string, string>; to?: string; pipe?: string },
) =>
  call(
    "POST",
    `/v2/streaming/data${place(init.pipe)}/channels/${channel}/rows?continuationToken=${String(continuation)}&endOffsetToken=${init.to ?? "1"}`,
    { ...init, headers: { "Content-Type": "application/x-ndjson", ...init.headers } },
  );
const statuses = async (names: readonly string[], pipe?: string) => {
  const { json } = await call("POST", `/v2/streaming${place(pipe)}:bulk-channel-status`, {
    body: JSON.stringify({ channel_names: names }),
  });
  return json["channel_statuses"] as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

test("the ingest host and the scoped token come as bare text, or as JSON", async () => {
  const { host } = new URL(server.url);
  expect((await call("GET", "/v2/streaming/hostname")).text).toBe(host);
  expect((await exchange()).text).toMatch(/^[\w-]{40,}$/);
});

test("nobody is let in without a token that is right", async () => {
  expect(await call("GET", "/v2/streaming/hostname", { token: "x" })).toMatchObject({ status: 401, json: { code: "390144" } });
  expect(await call("PUT", `/v2/streaming${place()}/channels/c`, { token: "x", body: "{}" })).toMatchObject({ status: 401 });
  expect(await exchange("password")).toMatchObject({ status: 400 });
});

test("a channel goes its way from its opening to its end, with rows compressed either way", async () => {
  const opened = await open("c");
  expect(opened).toMatchObject({
    status: 200,
    json: {
      channel_status: {
        channel_name: "c",
        channel_status_code: "SUCCESS",
        last_committed_offset_token: null,
        rows_error_count: 0,
      },
    },
  });
  let next = opened.json["next_continuation_token"];
  const bodies: [string, string | Buffer, Record<string, string>][] = [
    ["1", '{"ID":1,"TEXT":"plain"}\n', {}],
    ["2", gzipSync('{"id":2,"text":"gzip"}\r\n'), { "Content-Encoding": "gzip" }],
    ["3", zstdCompressSync('{"ID":3,"TEXT":"zstd"}\n{"ID":"x"}\n'), { "Content-Encoding": "zstd" }],
  ];
  for (const [to, body, headers] of bodies) {
    const taken = await append("c", next, { body, headers, to });
    expect(taken.status).toBe(200);
    next = taken.json["next_continuation_token"];
  }
  await expect.poll(async () => (await statuses(["c"]))["c"]?.["last_committed_offset_token"], patient).toBe("3");
  expect(await statuses(["c", "none", "C"])).toMatchObject({ c: { rows_inserted: 3, rows_parsed: 4, rows_error_count: 1 } });
  expect(Object.keys(await statuses(["c", "none", "C"]))).toEqual(["c"]);
  const rows = await account.query(`SELECT ID, TEXT FROM ${table} ORDER BY ID`);
  expect(rows.map(({ TEXT }) => TEXT)).toEqual(["plain", "gzip", "zstd"]);
  expect((await call("DELETE", `/v2/streaming${place()}/channels/c`)).status).toBe(200);
  expect(await statuses(["c"])).toEqual({});
  expect(await append("c", next, { body: "{}" })).toMatchObject({
    status: 404,
    json: { code: "ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED" },
  });
});

test("refusals have Snowflake's codes", async () => {
  expect(await open("c", "NONE-STREAMING")).toMatchObject({
    status: 404,
    json: { code: "ERR_TABLE_DOES_NOT_EXIST_NOT_AUTHORIZED" },
  });
  expect(await open("c", "NONE")).toMatchObject({ status: 404, json: { code: "ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED" } });
  const first = await open("c");
  await open("c");
  expect(await append("c", first.json["next_continuation_token"], { body: "{}" })).toMatchObject({
    status: 400,
    json: { code: "STALE_CONTINUATION_TOKEN_SEQUENCER" },
  });
  const large = Buffer.alloc(4 * 1024 * 1024 + 1, " ");
  expect(await append("c", "x", { body: large })).toMatchObject({ status: 413 });
});

test("a channel's requests may be limited, and a fault may slow an append down", async () => {
  const { json } = await open("c");
  account.faults!.add({ action: { kind: "throttle" } });
  expect((await append("c", json["next_continuation_token"], { body: "{}" })).status).toBe(429);
  expect((await append("c", json["next_continuation_token"], { body: "{}" })).status).toBe(200);
  server.account.channels.throttle.requestsPerSecond = 0;
  expect(await open("c")).toMatchObject({ status: 429, json: { code: "ERR_CHANNEL_REQUEST_RATE_EXCEEDED" } });
});

test("a role without INSERT on the table is told so", async () => {
  const { grants } = server.account.catalog;
  await account.query("CREATE ROLE READER");
  const token = server.account.channels.tokens.issue("READER");
  const path = `/v2/streaming${place()}/channels/c`;
  expect(await call("PUT", path, { token, body: "{}" })).toMatchObject({
    status: 403,
    json: { code: "ERR_INSUFFICIENT_PRIVILEGES" },
  });
  await account.query(`GRANT INSERT ON TABLE ${table} TO ROLE READER`);
  expect(grants.isRole("READER")).toBe(true);
  expect(await call("PUT", path, { token, body: "{}" })).toMatchObject({ status: 200 });
});

test("rejected rows are in ERROR_TABLE where the table keeps them", async () => {
  await expect(account.query(`SELECT * FROM ERROR_TABLE(${table})`)).rejects.toThrow("does not exist or not authorized");
  await account.query(`ALTER TABLE ${table} SET ERROR_LOGGING = TRUE`);
  const { json } = await open("c");
  await append("c", json["next_continuation_token"], { body: '{"ID":"secret"}\n{"ID":1}\n', to: "9" });
  await expect.poll(async () => (await statuses(["c"]))["c"]?.["last_committed_offset_token"], patient).toBe("9");
  const rows = await account.query(
    `SELECT ERROR_DATA:"$1"::VARCHAR AS LINE, ERROR_METADATA:details:channel_name::VARCHAR AS CHANNEL, ERROR_METADATA:error_source::VARCHAR AS SOURCE, ERROR_CODE
     FROM ERROR_TABLE("${account.database}"."${account.schema}"."${table}") WHERE ERROR_METADATA:service::VARCHAR = 'snowpipe_streaming' ORDER BY TIMESTAMP`,
  );
  expect(rows).toEqual([{ LINE: '{"ID":"secret"}', CHANNEL: "c", SOURCE: "ID", ERROR_CODE: "100038" }]);
});

test("rows go through a pipe of the owner's, with its mapping", async () => {
  const pipe = `P_${table}`;
  await account.query(
    `CREATE PIPE ${pipe} AS COPY INTO ${table} (ID, TEXT) FROM (SELECT $1:number::NUMBER, $1:"a name"::VARCHAR FROM TABLE(DATA_SOURCE(TYPE => 'STREAMING')))`,
  );
  const { json } = await open("c", pipe);
  await append("c", json["next_continuation_token"], { body: '{"number":1,"a name":"x","ID":9}\n', pipe });
  await expect.poll(async () => (await statuses(["c"], pipe))["c"]?.["last_committed_offset_token"], patient).toBe("1");
  expect(await account.query(`SELECT TEXT FROM ${table} WHERE ID = 1`)).toEqual([{ TEXT: "x" }]);
});
