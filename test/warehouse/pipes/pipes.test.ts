import assert from "node:assert";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { snowflakeAccount } from "../../../runtime/snowflake/account.ts";
import { restCall } from "../../../runtime/snowflake/rest-call.ts";
import { type Loader, openLoader } from "../copy/open-loader.ts";

/** A file of a report. */
interface ReportedFile {
  readonly path: string;
  readonly status: string;
  readonly rowsInserted: number;
  readonly errorsSeen: number;
  readonly firstError?: string;
}

interface Report {
  readonly files: readonly ReportedFile[];
  readonly nextBeginMark: string;
  readonly completeResult: boolean;
}

const yearMs = 365 * 24 * 3600 * 1000;
let loader: Loader;
let pipe: string;
let pipes = 0;
let tables = 0;

beforeAll(async () => {
  loader = await openLoader({ tokenMs: yearMs, masterTokenMs: yearMs });
  if (loader.account.server !== null) loader.account.server.account.pipes.delayMs = 20;
});
afterAll(async () => {
  await loader[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await loader.query("CREATE OR REPLACE TABLE T (A NUMBER(5,0), B VARCHAR)");
  tables++;
  pipe = `P${pipes++}`;
  await loader.query(`CREATE PIPE ${pipe} AS COPY INTO T FROM @S`);
});

function call(
  method: "GET" | "POST",
  action: string,
  options: { query?: Readonly<Record<string, string>>; body?: unknown } = {},
) {
  const { account } = loader;
  const name = `${account.database}.${account.schema}.${pipe}`;
  return restCall(snowflakeAccount(account.spec, account.context()), {
    method,
    path: `/v1/data/pipes/${name}/${action}`,
    query: { requestId: randomUUID(), ...options.query },
    ...(options.body === undefined ? {} : { body: options.body }),
    subject: name,
  });
}

const insertFiles = (...paths: readonly string[]) =>
  call("POST", "insertFiles", { body: { files: paths.map((path) => ({ path })) } });

async function report(beginMark?: string): Promise<Report> {
  return (await call("GET", "insertReport", { query: beginMark === undefined ? {} : { beginMark } })).body as Report;
}

/** The report once it has so many files. */
function reported(files: number): Promise<Report> {
  return vi.waitFor(
    async () => {
      const found = await report();
      expect(found.files).toHaveLength(files);
      return found;
    },
    { timeout: 90_000, interval: 50 },
  );
}

const count = async (): Promise<unknown> => (await loader.rows("SELECT COUNT(*) FROM T"))[0]?.[0];

describe("files that a client names", () => {
  test("are loaded later, and the report says how", async () => {
    await loader.put(`${tables}/good.csv`, "1,a\n2,b\n");
    await loader.put(`${tables}/bad.csv`, "1,a\nx,b\n");
    const answer = await insertFiles(`${tables}/good.csv`, `${tables}/bad.csv`, `${tables}/none.csv`);
    expect(answer).toMatchObject({ status: 200, body: { responseCode: "SUCCESS" } });
    const { files, completeResult, nextBeginMark } = await reported(3);
    expect(completeResult).toBe(true);
    const of = (name: string): ReportedFile | undefined => files.find(({ path }) => path === `${tables}/${name}`);
    expect(of("good.csv")).toMatchObject({ status: "LOADED", rowsInserted: 2, errorsSeen: 0 });
    expect(of("bad.csv")).toMatchObject({
      status: "LOAD_FAILED",
      rowsInserted: 0,
      firstError: "Numeric value 'x' is not recognized",
    });
    expect(of("none.csv")).toMatchObject({ status: "LOAD_FAILED" });
    expect(await count()).toBe("2");
    expect((await report(nextBeginMark)).files).toEqual([]);
  });

  test("are passed over for 14 days, also when they have changed, and by the table's load metadata", async ({ skip }) => {
    const { server } = loader.account;
    skip(server === null, "a real account's clock cannot be moved");
    assert(server !== null);
    await loader.put(`${tables}/again.csv`, "1,a\n");
    await insertFiles(`${tables}/again.csv`);
    await reported(1);
    await loader.put(`${tables}/again.csv`, "2,b\n");
    await loader.put(`${tables}/other.csv`, "3,c\n");
    await insertFiles(`${tables}/again.csv`, `${tables}/other.csv`);
    await reported(2);
    expect(await count()).toBe("2");
    server.clock.advance(15 * 24 * 3600 * 1000);
    await insertFiles(`${tables}/again.csv`, `${tables}/other.csv`);
    // The one that has changed is loaded, the one that the table has is not.
    const { files } = await reported(1);
    expect(files[0]?.path).toBe(`${tables}/again.csv`);
    expect(await count()).toBe("3");
  });

  test("loadHistoryScan tells of them in its time", async () => {
    await loader.put(`${tables}/scan.csv`, "1,a\n");
    await insertFiles(`${tables}/scan.csv`);
    await reported(1);
    const now = loader.account.server?.clock.now() ?? Date.now();
    const scan = async (startTimeInclusive: number, endTimeExclusive: number): Promise<readonly ReportedFile[]> => {
      const times = {
        startTimeInclusive: new Date(startTimeInclusive).toISOString(),
        endTimeExclusive: new Date(endTimeExclusive).toISOString(),
      };
      return ((await call("GET", "loadHistoryScan", { query: times })).body as Report).files;
    };
    expect(await scan(now - 3_600_000, now + 60_000)).toMatchObject([
      { path: `${tables}/scan.csv`, status: "LOADED", rowsInserted: 1 },
    ]);
    expect(await scan(now - 7_200_000, now - 3_600_000)).toEqual([]);
    expect(await call("GET", "loadHistoryScan", { query: { startTimeInclusive: "yesterday" } })).toMatchObject({ status: 400 });
  });

  test("wait while the pipe is paused", async () => {
    await loader.query(`ALTER PIPE ${pipe} SET PIPE_EXECUTION_PAUSED = TRUE`);
    await loader.put(`${tables}/paused.csv`, "1,a\n");
    await insertFiles(`${tables}/paused.csv`);
    const status = async (): Promise<unknown> =>
      JSON.parse((await loader.rows(`SELECT SYSTEM$PIPE_STATUS('${pipe}')`))[0]?.[0] ?? "");
    expect(await status()).toMatchObject({ executionState: "PAUSED", pendingFileCount: 1 });
    await loader.query(`ALTER PIPE ${pipe} SET PIPE_EXECUTION_PAUSED = FALSE`);
    await reported(1);
    expect(await status()).toMatchObject({ executionState: "RUNNING", pendingFileCount: 0 });
    expect(await count()).toBe("1");
  });

  test("are refused where there are too many, or the path is too long, or the pipe is not there", async () => {
    expect(await insertFiles(...Array.from({ length: 5001 }, (_, at) => `${at}`))).toMatchObject({ status: 400 });
    expect(await insertFiles("x".repeat(1025))).toMatchObject({ status: 400 });
    expect(await call("POST", "insertFiles", { body: { files: "all" } })).toMatchObject({ status: 400 });
    pipe = "NONE";
    expect(await insertFiles("a")).toMatchObject({ status: 404 });
  });

  test("need somebody who is signed in", async ({ skip }) => {
    const { server } = loader.account;
    skip(server === null, "looks into our server");
    assert(server !== null);
    expect((await fetch(`${server.url}/v1/data/pipes/A.B.C/insertReport`)).status).toBe(401);
  });
});

test("REFRESH gives the pipe what the stage has", async () => {
  await loader.put(`refresh/${tables}/a.csv`, "1,a\n");
  await loader.put(`refresh/${tables}/b.csv`, "2,b\n");
  expect(await loader.rows(`ALTER PIPE ${pipe} REFRESH PREFIX = 'refresh/${tables}/'`)).toEqual([
    [`refresh/${tables}/a.csv`, "SENT"],
    [`refresh/${tables}/b.csv`, "SENT"],
  ]);
  await reported(2);
  expect(await count()).toBe("2");
});

test("a pipe is shown, replaced and dropped; a statement that no pipe can run is refused", async () => {
  const [shown] = await loader.query(`SHOW PIPES LIKE '${pipe}'`);
  expect(shown).toMatchObject({ name: pipe, definition: "COPY INTO T FROM @S", kind: "STAGE" });
  expect((await loader.failure(`CREATE PIPE ${pipe} AS COPY INTO T FROM @S`)).code).toBe("002002");
  await loader.query(`CREATE OR REPLACE PIPE ${pipe} COMMENT = 'new' AS COPY INTO T (A) FROM (SELECT $1 FROM @S)`);
  expect((await loader.query(`DESC PIPE ${pipe}`))[0]).toMatchObject({ comment: "new" });
  expect((await loader.failure("CREATE PIPE X AS COPY INTO T FROM @S PURGE = TRUE")).message).toContain("PURGE");
  expect((await loader.failure("CREATE PIPE X AS COPY INTO NO_TABLE FROM @S")).code).toBe("002003");
  await loader.query(`DROP PIPE ${pipe}`);
  expect((await loader.failure(`DESC PIPE ${pipe}`)).code).toBe("002003");
});

test("a pipe with AUTO_INGEST loads what lands in its stage", async ({ skip }) => {
  skip(loader.account.server === null, "needs a bucket of one's own");
  await loader.query("CREATE OR REPLACE STAGE EXT URL = 's3://bucket/landing/'");
  pipe = "AUTO";
  await loader.query("CREATE OR REPLACE PIPE AUTO AUTO_INGEST = TRUE AS COPY INTO T FROM @EXT/mine/");
  await loader.put(`auto/${tables}.csv`, "1,a\n");
  await loader.query(`COPY FILES INTO @EXT/mine/ FROM @S/auto/`);
  await loader.query(`COPY FILES INTO @EXT/others/ FROM @S/auto/`);
  const { files } = await reported(1);
  expect(files[0]).toMatchObject({ path: `mine/${tables}.csv`, status: "LOADED" });
  expect(await count()).toBe("1");
});

test("files that wait are loaded by the server that comes next", async ({ skip }) => {
  skip(loader.account.server === null, "stops the server");
  const directory = await mkdtemp(join(tmpdir(), "snowline-pipes-"));
  const databases = [loader.account.database, "KEPT"];
  try {
    {
      await using first = await openLoader({ dataDirectory: directory, databases });
      assert(first.account.server !== null);
      first.account.server.account.pipes.delayMs = 3_600_000;
      await first.query("CREATE TABLE KEPT.PUBLIC.T (A NUMBER)");
      await first.query("CREATE STAGE KEPT.PUBLIC.K");
      await first.put("a.csv", "1\n");
      await first.query("COPY FILES INTO @KEPT.PUBLIC.K FROM @S");
      await first.query("CREATE PIPE KEPT.PUBLIC.P AS COPY INTO T FROM @K");
      await first.query("ALTER PIPE KEPT.PUBLIC.P REFRESH");
    }
    await using second = await openLoader({ dataDirectory: directory, databases });
    await vi.waitFor(async () => expect(await second.rows("SELECT COUNT(*) FROM KEPT.PUBLIC.T")).toEqual([["1"]]), {
      timeout: 20_000,
      interval: 100,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
