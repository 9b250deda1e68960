import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { openTestAccount, type TestAccount } from "../../snowflake/open-test-account.ts";
import type { DriverSession, TextRow } from "../../snowflake/driver-session.ts";

/** A session with a stage S of its own, to which files are put as the driver does it. */
export interface Loader extends AsyncDisposable {
  readonly account: TestAccount;
  readonly session: DriverSession;
  readonly directory: string;
  query(sql: string): Promise<readonly TextRow[]>;
  /** Rows as lists of texts. */
  rows(sql: string): Promise<readonly (readonly (string | null)[])[]>;
  /** Puts a file into the stage as `path`, as it is. */
  put(path: string, content: string | Buffer): Promise<void>;
  /** Puts the rows of a DuckDB query as a Parquet file. */
  putParquet(path: string, query: string): Promise<void>;
  /** The error of a statement that has to fail. */
  failure(sql: string): Promise<{ readonly code: string; readonly message: string }>;
}

/** Opens an account with a stage S. */
export async function openLoader(options: Parameters<typeof openTestAccount>[0] = {}): Promise<Loader> {
  const account = await openTestAccount(options);
  const session = await account.openSession();
  const directory = await mkdtemp(join(tmpdir(), "snowline-loader-"));
  const query = (sql: string): Promise<readonly TextRow[]> => session.query(sql);
  await query("CREATE STAGE S");
  const put = async (path: string, content: string | Buffer): Promise<void> => {
    const name = path.split("/").at(-1) ?? "";
    const file = join(directory, name);
    await writeFile(file, content);
    const folder = path.slice(0, -name.length);
    const [row] = await query(`PUT 'file://${file}' @S/${folder} AUTO_COMPRESS = FALSE OVERWRITE = TRUE`);
    if (row?.["status"] !== "UPLOADED") throw new Error(`PUT ${path}: ${row?.["message"]}`);
  };
  return {
    account,
    session,
    directory,
    query,
    rows: async (sql) => (await query(sql)).map((row) => Object.values(row).map((value) => (value === "NULL" ? null : value))),
    put,
    async putParquet(path, text) {
      const instance = await DuckDBInstance.create(":memory:");
      const connection = await instance.connect();
      const file = join(directory, createHash("md5").update(path).digest("hex"));
      await connection.run("SET SESSION TimeZone = 'UTC'");
      await connection.run(`COPY (${text}) TO '${file}' (FORMAT parquet)`);
      connection.closeSync();
      instance.closeSync();
      await put(path, await readFile(file));
    },
    async failure(sql) {
      try {
        await query(sql);
      } catch (error) {
        return error as { readonly code: string; readonly message: string };
      }
      throw new Error(`${sql}: did not fail`);
    },
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await account[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
