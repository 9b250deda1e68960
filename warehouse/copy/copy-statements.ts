import type { StatementResult } from "../result.ts";
import { boundText } from "../stages/bound-text.ts";
import { numberColumn, statusResult, textColumn, typeIds } from "../stages/answer.ts";
import type { StatementCall, StatementKind } from "../statements/statement.ts";
import { copyFiles } from "./copy-files.ts";
import { copyIntoStage } from "./copy-into-stage.ts";
import { copyIntoTable, type CopyOutcome, shownPath } from "./copy-into-table.ts";
import { readCopy } from "./copy-statement.ts";
import { validateFiles } from "./validate-files.ts";

/** COPY INTO a table or a stage, and COPY FILES. */
export const copyStatements: readonly StatementKind[] = [
  { words: ["COPY", "INTO"], execute: copyInto },
  { words: ["COPY", "FILES"], execute: copyFiles },
];

async function copyInto(call: StatementCall): Promise<StatementResult> {
  const read = readCopy(boundText(call));
  if ("unload" in read) return copyIntoStage(call, read.unload);
  const { options } = read.load;
  if (options.validation !== null) return validateFiles(call, read.load);
  if (call.describeOnly) return { columns: loadColumns, rows: [], typeId: typeIds.copy };
  return loadResult(await copyIntoTable(call, { statement: read.load, pipe: null }), options.returnFailedOnly);
}

const loadColumns = [
  textColumn("file"),
  textColumn("status"),
  numberColumn("rows_parsed"),
  numberColumn("rows_loaded"),
  numberColumn("error_limit"),
  numberColumn("errors_seen"),
  textColumn("first_error"),
  numberColumn("first_error_line"),
  numberColumn("first_error_character"),
  textColumn("first_error_column_name"),
];

/** What COPY says of each file. */
function loadResult({ files, location }: CopyOutcome, failedOnly: boolean): StatementResult {
  if (files.length === 0) return statusResult("Copy executed with 0 files processed.", typeIds.copy);
  const shown = failedOnly ? files.filter(({ status }) => status !== "LOADED") : files;
  return {
    columns: loadColumns,
    rows: shown.map(({ file, status, parsed, loaded, errorLimit, errors, first }) => [
      shownPath(location, file.path),
      status,
      String(parsed),
      String(loaded),
      String(errorLimit),
      String(errors),
      first?.message ?? null,
      first === null ? null : String(first.line),
      first === null ? null : String(first.character),
      first?.column ?? null,
    ]),
    typeId: typeIds.copy,
    bytesScanned: files.reduce((sum, { file }) => sum + file.bytes, 0),
  };
}
