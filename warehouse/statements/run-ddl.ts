import type { DuckDBConnection } from "@duckdb/node-api";
import type { StatementResult } from "../result.ts";
import { statusResult } from "./count-result.ts";
import type { StatementCall } from "./statement.ts";
import { statementTypes } from "./statement-types.ts";

/** Runs DDL: an open transaction is committed first. `run` says what was done, as Snowflake tells it. */
export async function runDdl(
  call: StatementCall,
  run: (connection: DuckDBConnection) => Promise<string>,
  typeId: number = statementTypes.ddl,
): Promise<StatementResult> {
  if (call.describeOnly) return statusResult(typeId);
  return statusResult(typeId, await call.session.transaction.ddl(run));
}
