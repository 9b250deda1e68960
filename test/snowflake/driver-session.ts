import type { Binds, Connection, ConnectionOptions } from "snowflake-sdk";
import { loadDriver } from "../../runtime/snowflake/driver.ts";

/** A row by the names of its columns; values are texts as Snowflake shows them. */
export type TextRow = Readonly<Record<string, string | null>>;

/** A session of the Node driver, for tests that look at an account the way its users do. */
export interface DriverSession extends AsyncDisposable {
  /** The driver's own connection. */
  readonly connection: Connection;
  query(sql: string, binds?: Binds): Promise<readonly TextRow[]>;
}

/** Signs in. Rejects with the driver's error where the account says no. */
export async function openDriverSession(options: ConnectionOptions): Promise<DriverSession> {
  const driver = await loadDriver();
  const connection = driver.createConnection({
    fetchAsString: ["String", "Boolean", "Number", "Date", "JSON", "Buffer"],
    ...options,
  });
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error === undefined || error === null ? resolve() : reject(error)));
  });
  return {
    connection,
    query: (sqlText, binds) =>
      new Promise((resolve, reject) => {
        connection.execute({
          sqlText,
          ...(binds === undefined ? {} : { binds }),
          complete: (error, _statement, rows) =>
            error === undefined || error === null ? resolve((rows ?? []) as TextRow[]) : reject(error),
        });
      }),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        connection.destroy(() => resolve());
      }),
  };
}
