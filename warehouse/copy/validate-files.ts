import { SnowflakeError, type StatementResult } from "../result.ts";
import { numberColumn, textColumn, typeIds } from "../stages/answer.ts";
import { resolveFormat } from "../stages/file-format.ts";
import { resolveStage } from "../stages/resolve-stage.ts";
import type { StatementCall } from "../statements/statement.ts";
import { holdFiles, shownPath, tableOf } from "./copy-into-table.ts";
import { outputName } from "./column-fit.ts";
import type { LoadStatement } from "./copy-statement.ts";
import { examineFile } from "./examine-file.ts";
import { planFile } from "./file-plan.ts";
import { HeldFiles } from "./held-files.ts";
import { abortError, type LoadError, unreadable } from "./load-error.ts";
import { transformQuery } from "./transform-query.ts";

const columns = [
  textColumn("ERROR"),
  textColumn("FILE"),
  numberColumn("LINE"),
  numberColumn("CHARACTER"),
  numberColumn("BYTE_OFFSET"),
  textColumn("CATEGORY"),
  numberColumn("CODE"),
  textColumn("SQL_STATE"),
  textColumn("COLUMN_NAME"),
  numberColumn("ROW_NUMBER"),
  numberColumn("ROW_START_LINE"),
  textColumn("REJECTED_RECORD"),
];

/**
 * COPY with a VALIDATION_MODE: loads nothing. RETURN_ERRORS gives the first error of each file; RETURN_n_ROWS fails at the first
 * error, and gives that many rows as texts. Throws SnowflakeError.
 */
export async function validateFiles(call: StatementCall, statement: LoadStatement): Promise<StatementResult> {
  const { account, session } = call;
  const { validation } = statement.options;
  if (statement.query !== null)
    throw new SnowflakeError("000002", "0A000", "Unsupported feature 'VALIDATION_MODE' with a transformation.");
  const table = tableOf(call, statement.table);
  const location = resolveStage(statement.stage, call);
  const format = resolveFormat({ choice: statement.options.format, stage: location.stage, account, session });
  const transform = statement.query === null ? null : await transformQuery(call, statement.query, format);
  const held = new HeldFiles(account.stages.buckets);
  const connection = await account.store.connect();
  try {
    const files = await holdFiles(call, {
      statement,
      location,
      held,
      compression: format.type === "PARQUET" ? "NONE" : format.compression,
    });
    const errors: (readonly [LoadError, string])[] = [];
    const rows: (string | null)[][] = [];
    for (const file of files) {
      const path = shownPath(location, file.path);
      try {
        const plan = await planFile(file, { connection, statement, table, format, transform });
        const { first } = await examineFile(plan, connection, table.name.name);
        if (first !== null) errors.push([first, path]);
        if (first !== null || validation?.kind !== "ROWS" || rows.length >= validation.rows) continue;
        const values = plan.fits.map((_, at) => `CAST(${outputName(at)} AS VARCHAR)`).join(", ");
        const reader = await connection.runAndReadAll(
          `SELECT ${values} FROM ${plan.rows({ tolerant: false })} LIMIT ${validation.rows - rows.length}`,
        );
        rows.push(...(reader.getRowsJS() as (string | null)[][]));
      } catch (error) {
        errors.push([unreadable(error), path]);
      }
    }
    if (validation?.kind !== "ROWS")
      return { columns, rows: errors.map(([error, path]) => errorRow(error, path)), typeId: typeIds.copy };
    const [failed] = errors;
    if (failed !== undefined) throw abortError(...failed);
    return { columns: table.columns.slice(0, rows[0]?.length).map(({ name }) => textColumn(name)), rows, typeId: typeIds.copy };
  } finally {
    connection.closeSync();
    await held.release(session.transaction);
  }
}

function errorRow(error: LoadError, path: string): readonly (string | null)[] {
  const { message, line, character, code, sqlState, column, row } = error;
  const category = column === null ? "parsing" : "conversion";
  return [
    message,
    path,
    String(line),
    String(character),
    null,
    category,
    String(Number(code)),
    sqlState,
    column,
    row === null ? null : String(row),
    String(line),
    null,
  ];
}
