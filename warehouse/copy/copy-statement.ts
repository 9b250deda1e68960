import { SnowflakeError } from "../result.ts";
import { type FormatChoice, formatChoice } from "../stages/file-format.ts";
import { type Options, optionBoolean, optionText, readOptions } from "../stages/option-list.ts";
import { Scanner } from "../stages/scanner.ts";

/** What becomes of a file with errors. `SKIP_FILE` skips it when it has `limit` errors or more, or more than `percent` of its rows. */
export type OnError =
  | { readonly kind: "ABORT_STATEMENT" | "CONTINUE" }
  | { readonly kind: "SKIP_FILE"; readonly limit: number | null; readonly percent: number | null };

/** Options of COPY INTO a table. */
export interface LoadOptions {
  readonly files: readonly string[] | null;
  readonly pattern: string | undefined;
  readonly format: FormatChoice | null;
  readonly onError: OnError;
  readonly matchBy: "NONE" | "CASE_SENSITIVE" | "CASE_INSENSITIVE";
  readonly force: boolean;
  readonly purge: boolean;
  readonly returnFailedOnly: boolean;
  readonly truncate: boolean;
  readonly sizeLimit: number | null;
  readonly validation: { readonly kind: "ROWS"; readonly rows: number } | { readonly kind: "ERRORS" } | null;
}

/** COPY INTO a table. */
export interface LoadStatement {
  readonly table: readonly string[];
  readonly columns: readonly string[] | null;
  readonly stage: string;
  /** `SELECT … FROM @stage …` as written; null where files are taken as they are. */
  readonly query: string | null;
  readonly options: LoadOptions;
}

/** COPY INTO a stage. */
export interface UnloadStatement {
  readonly stage: string;
  /** The query whose rows are written: of a table, `SELECT * FROM` it. */
  readonly query: string;
  readonly partitionBy: string | null;
  readonly options: Options;
}

/** Files that FILES may name. */
const filesMax = 1000;

/** Reads COPY INTO, either way. Throws SnowflakeError. */
export function readCopy(text: string): { readonly load: LoadStatement } | { readonly unload: UnloadStatement } {
  const scanner = new Scanner(text);
  scanner.expect("COPY");
  scanner.expect("INTO");
  const stage = scanner.stage();
  return stage === null ? { load: readLoad(scanner) } : { unload: readUnload(scanner, stage) };
}

function readLoad(scanner: Scanner): LoadStatement {
  const table = scanner.identifierPath();
  const columns: string[] = [];
  if (scanner.take("(") !== null) {
    do columns.push(scanner.identifier());
    while (scanner.take(",") !== null);
    scanner.expect(")");
  }
  scanner.expect("FROM");
  let query: string | null = null;
  let stage: string | null;
  if (scanner.take("(") === null) {
    stage = scanner.stage();
  } else {
    query = scanner.insideParentheses();
    stage = stageOf(query);
  }
  if (stage === null) throw scanner.unexpected();
  const options = readOptions(scanner);
  scanner.end();
  return { table, columns: columns.length === 0 ? null : columns, stage, query, options: loadOptions(options) };
}

/** The stage that the query of a transformation reads. */
function stageOf(query: string): string | null {
  const scanner = new Scanner(query);
  while (scanner.peek().kind !== "end") {
    if (scanner.next().value.toUpperCase() !== "FROM") continue;
    const stage = scanner.stage();
    if (stage !== null) return stage;
  }
  return null;
}

function readUnload(scanner: Scanner, stage: string): UnloadStatement {
  scanner.expect("FROM");
  let query: string;
  if (scanner.take("(") === null) {
    const start = scanner.position;
    let end = start;
    do {
      scanner.identifier();
      end = scanner.position;
    } while (scanner.take(".") !== null);
    query = `SELECT * FROM ${scanner.text.slice(start, end)}`;
  } else {
    query = scanner.insideParentheses();
  }
  let partitionBy: string | null = null;
  if (scanner.takeWords("PARTITION", "BY")) {
    scanner.expect("(");
    partitionBy = scanner.insideParentheses();
  }
  const options = readOptions(scanner);
  scanner.end();
  return { stage, query, partitionBy, options };
}

function loadOptions(options: Options): LoadOptions {
  const files = options.get("FILES");
  if (files?.kind === "list" && files.values.length > filesMax) {
    throw new SnowflakeError(
      "001022",
      "42601",
      `SQL compilation error:\nFILES names ${files.values.length} files: ${filesMax} are allowed.`,
    );
  }
  const matchBy = (optionText(options, "MATCH_BY_COLUMN_NAME") ?? "NONE").toUpperCase();
  if (matchBy !== "NONE" && matchBy !== "CASE_SENSITIVE" && matchBy !== "CASE_INSENSITIVE")
    throw invalid("MATCH_BY_COLUMN_NAME", matchBy);
  const sizeLimit = optionText(options, "SIZE_LIMIT");
  return {
    files: files?.kind === "list" ? files.values : null,
    pattern: optionText(options, "PATTERN"),
    format: formatChoice(options),
    onError: onError(optionText(options, "ON_ERROR") ?? "ABORT_STATEMENT"),
    matchBy,
    force: optionBoolean(options, "FORCE", false),
    purge: optionBoolean(options, "PURGE", false),
    returnFailedOnly: optionBoolean(options, "RETURN_FAILED_ONLY", false),
    truncate: optionBoolean(options, "TRUNCATECOLUMNS", !optionBoolean(options, "ENFORCE_LENGTH", true)),
    sizeLimit: sizeLimit === undefined ? null : Number(sizeLimit),
    validation: validation(optionText(options, "VALIDATION_MODE")),
  };
}

function onError(value: string): OnError {
  const upper = value.toUpperCase();
  if (upper === "ABORT_STATEMENT" || upper === "CONTINUE") return { kind: upper };
  const match = /^SKIP_FILE(?:_(?<count>\d+(?:\.\d+)?)(?<percent>%?))?$/.exec(upper)?.groups;
  if (match === undefined && upper !== "SKIP_FILE") throw invalid("ON_ERROR", value);
  const count = match?.["count"] === undefined ? null : Number(match["count"]);
  const percent = match?.["percent"] === "%";
  return { kind: "SKIP_FILE", limit: percent ? null : (count ?? 1), percent: percent ? count : null };
}

function validation(value: string | undefined): LoadOptions["validation"] {
  if (value === undefined) return null;
  const upper = value.toUpperCase();
  const rows = /^RETURN_(\d+)_ROWS$/.exec(upper)?.[1];
  if (rows !== undefined) return { kind: "ROWS", rows: Number(rows) };
  if (upper === "RETURN_ERRORS" || upper === "RETURN_ALL_ERRORS") return { kind: "ERRORS" };
  throw invalid("VALIDATION_MODE", value);
}

function invalid(option: string, value: string): SnowflakeError {
  return new SnowflakeError("001007", "22023", `SQL compilation error:\ninvalid value [${value}] for parameter '${option}'`);
}
