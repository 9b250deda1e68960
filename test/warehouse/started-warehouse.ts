import { pino } from "pino";
import { type RunningWarehouse, startWarehouse, type WarehouseOptions } from "../../warehouse/start-warehouse.ts";
import { WireClient } from "./wire-client.ts";

/** Password of the user ANN, who may do everything. */
export const password = "a password";

/** A server with the user ANN and the database DB, on a free port, with faults. */
export function startedWarehouse(options: Partial<WarehouseOptions> = {}): Promise<RunningWarehouse> {
  return startWarehouse({
    host: "127.0.0.1",
    port: 0,
    dataDirectory: null,
    accountName: "MYORG-MYACCOUNT",
    users: { ANN: { PASSWORD: password } },
    databases: ["DB"],
    now: () => Date.now(),
    faults: true,
    log: pino({ level: "error" }),
    ...options,
  });
}

/** A client that has signed in as ANN, in DB.PUBLIC. */
export async function signedIn(
  { url }: RunningWarehouse,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<WireClient> {
  const client = new WireClient(url);
  const answer = await client.login(
    { LOGIN_NAME: "ANN", PASSWORD: password, SESSION_PARAMETERS: parameters },
    { databaseName: "DB", schemaName: "PUBLIC", warehouse: "COMPUTE_WH" },
  );
  if (!answer.success) throw new Error(`${answer.code}: ${answer.message}`);
  return client;
}
