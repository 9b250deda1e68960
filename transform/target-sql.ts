import { scalarBad, scalarValue, secondsCut, unfit } from "./cast.ts";
import type { Column, TargetColumn } from "./column.ts";
import { ordinalColumn } from "./rewrite.ts";
import { originColumns, type SplitRun } from "./rows.ts";
import { parquetType } from "./parquet-types.ts";
import { quoted } from "./duckdb-type.ts";
import { literal, reservedPrefix, sameName } from "./sql-text.ts";
import { parseType, type ScalarName, type Type } from "./type.ts";

/** Rows on their way to the file, where they have to be checked or made unique first. */
export const resultTable = `${reservedPrefix}result`;
/** The split of each record, by ordinal, where rows say where they come from. */
export const originTable = `${reservedPrefix}origin`;
/** Index into `reasons` of what is wrong with a row; NULL where nothing is. */
export const faultColumn = `${reservedPrefix}fault`;
/** What a failed check says where a row cannot tell its record: the reason's index follows. */
export const faultMark = `${reservedPrefix}fault:`;

/** A rewritten statement and the table that its rows go to. */
export interface TargetOptions {
  /** The owner's statement, rewritten by `rewrite`. */
  readonly sql: string;
  readonly threaded: boolean;
  /** Its columns with their types, without the ordinal. */
  readonly output: readonly Column[];
  readonly target: readonly TargetColumn[];
  readonly upsertKey: readonly string[] | null;
  /** True: the file also says where each row comes from; only where threaded. */
  readonly origins: boolean;
}

/** SQL that makes rows for a target. */
export interface TargetSql {
  readonly columns: readonly Column[];
  /** Sentences without values, by index. */
  readonly reasons: readonly string[];
  /** True where rows go through `resultTable`; else `select` is written as it is. */
  readonly staged: boolean;
  /**
   * Where rows are staged only because something may be wrong with them: writes them as they are, and fails where something is.
   * Mostly nothing is, and this costs half as much. null: they have to be staged, or need not be.
   */
  readonly direct: string | null;
  /** The rows: `columns`, and when threaded the ordinal and, where anything can go wrong, the fault. */
  readonly select: string;
  /** What is written to the file: the rows of `select`, or those that `resultTable` still has. */
  readonly written: string;
}

/** Casts what the SQL yields to the target's types and says what cannot become a row. */
export function targetSql(options: TargetOptions): TargetSql {
  const { output, target, threaded, upsertKey, origins } = options;
  const values: string[] = [];
  const faults: string[] = [];
  const reasons: string[] = [];
  const columns: Column[] = [];
  const asText = new Set<string>();
  for (const column of target) {
    const from = output.find(({ name }) => sameName(name, column.name));
    if (from === undefined) continue;
    columns.push({ name: column.name, type: column.type });
    if (column.asText === true) asText.add(column.name);
    const isKey = upsertKey?.some((key) => sameName(key, column.name)) === true;
    const cast = castTo(from, column);
    values.push(`${cast.value} AS ${quoted(column.name)}`);
    for (const [bad, reason] of [...cast.faults, ...limitFaults(cast.value, column, isKey)]) {
      faults.push(`WHEN ${bad} THEN ${reasons.length}`);
      reasons.push(reason);
    }
  }
  if (columns.length === 0)
    throw new Error(`target: the table has none of the SQL's columns ${output.map(({ name }) => name).join(", ")}`);
  const fault = `CASE ${faults.join(" ")} END`;
  const ordinal = threaded ? [ordinalColumn] : [];
  const checked = threaded && faults.length > 0 ? [`${fault} AS ${faultColumn}`] : [];
  // A row that cannot tell its record fails the statement, and the record is then found as for the owner's own errors.
  const failing = ` WHERE CASE WHEN (${fault}) IS NULL THEN true ELSE error('${faultMark}' || (${fault})) END`;
  const where = !threaded && faults.length > 0 ? failing : "";
  const staged = upsertKey !== null || (threaded && faults.length > 0);
  const besides = staged ? [...ordinal, ...checked] : origins ? ordinal : [];
  const select = `SELECT ${[...values, ...besides].join(", ")} FROM (${options.sql})${where}`;
  const rows = staged ? stagedRows(upsertKey, threaded) : `(${select})`;
  const plain = `(SELECT ${[...values, ...(origins ? ordinal : [])].join(", ")} FROM (${options.sql})${failing})`;
  const writtenOf = (from: string): string =>
    origins
      ? `SELECT ${travelling(columns, asText)}, ${splitOrError} AS ${originColumns.split}, ${ordinalColumn} FROM ${from} LEFT JOIN ${originTable} USING (${ordinalColumn})`
      : `SELECT ${travelling(columns, asText)} FROM ${from}`;
  return {
    columns,
    reasons,
    staged,
    select,
    direct: staged && upsertKey === null ? writtenOf(plain) : null,
    written: writtenOf(rows),
  };
}

const noRecord = "transform.sql: a row comes from no record: write the SQL so that each row has one";
const splitOrError = `CASE WHEN ${originColumns.split} IS NULL THEN error(${literal(noRecord)})::INTEGER ELSE ${originColumns.split} END`;

/** The columns as Parquet can hold them: `parquetType` says what the reader casts back, but for those that are to be text. */
function travelling(columns: readonly Column[], asText: ReadonlySet<string>): string {
  return columns
    .map(({ name, type }) => {
      const travels = asText.has(name) ? "VARCHAR" : parquetType(type);
      return travels === type ? quoted(name) : `CAST(${quoted(name)} AS ${travels}) AS ${quoted(name)}`;
    })
    .join(", ");
}

/** The rows of `resultTable`; in upsert mode of each key the latest record's, or the last one where rows cannot tell their record. */
function stagedRows(upsertKey: readonly string[] | null, threaded: boolean): string {
  if (upsertKey === null) return resultTable;
  const order = threaded ? `${ordinalColumn}::HUGEINT * 4294967296 + rowid` : "rowid";
  const keys = upsertKey.map(quoted).join(", ");
  return `(SELECT * FROM ${resultTable} WHERE rowid IN (SELECT arg_max(rowid, ${order}) FROM ${resultTable} GROUP BY ${keys}))`;
}

type Fault = readonly [bad: string, reason: string];

/** SQL that gives `from` as the type of `to`, and what can be wrong with it. */
export function castTo(from: Column, to: Column): { readonly value: string; readonly faults: readonly Fault[] } {
  const v = quoted(from.name);
  const [have, want] = [parseType(from.type), parseType(to.type)];
  if (sameType(from.type, to.type)) return { value: v, faults: [] };
  if (isText(have) && typeof want !== "string" && (want.kind === "decimal" || want.kind === "scalar") && !isBlob(want)) {
    if (isScalar(want, "JSON"))
      return { value: v, faults: [[`(${v} IS NOT NULL AND NOT json_valid(${v}))`, `${to.name}: a text is not valid JSON`]] };
    // A JSON value stands for the text in it, as in a record.
    const x = isScalar(have, "JSON") && !isText(want) ? `(${v} ->> '$')` : v;
    const value = scalarValue(want, x);
    const bad = scalarBad(want, x, value);
    return { value, faults: bad === null ? [] : [[bad, `${to.name}: a text ${unfit(want)}`]] };
  }
  const value = typedValue(v, have, to);
  // Whatever is nested has a JSON text; reading it back would not always give the same value, though nothing is lost to a person.
  if (isWider(have, want) || (isScalar(want, "JSON") && isNested(have))) return { value, faults: [] };
  const nothing = `(${v} IS NOT NULL AND ${value} IS NULL)`;
  const lost = isRounding(want) ? null : `(TRY_CAST(${value} AS ${from.type}) IS DISTINCT FROM ${v})`;
  const bad = lost === null ? nothing : `(${nothing} OR ${lost})`;
  return { value, faults: [[bad, `${to.name}: a value of type ${from.type} does not fit ${to.type}`]] };
}

/** The cast of a value that is no text. */
function typedValue(v: string, have: Type | string, { type }: Column): string {
  const want = parseType(type);
  if (isScalar(have, "TIMESTAMP") && typeof want !== "string" && want.kind === "scalar") {
    if (want.name === "TIMESTAMP_S" || want.name === "TIMESTAMP_MS") return secondsCut(v, want.name);
  }
  return `TRY_CAST(${v} AS ${type})`;
}

function limitFaults(value: string, to: TargetColumn, isKey: boolean): Fault[] {
  const faults: Fault[] = [];
  const type = parseType(to.type);
  if (isKey) faults.push([`${value} IS NULL`, `${to.name}: NULL in the upsert key`]);
  else if (!to.nullable) faults.push([`${value} IS NULL`, `${to.name}: NULL, and the table's column is NOT NULL`]);
  if (to.within !== undefined) {
    const [min, max] = to.within.map((text) => `CAST(${literal(text)} AS ${to.type})`);
    faults.push([
      `COALESCE(${value} < ${min} OR ${value} > ${max}, false)`,
      `${to.name}: not within ${to.within.join(" and ")}, which the table's column takes`,
    ]);
  }
  if (to.strictJson === true && isScalar(type, "JSON"))
    faults.push([notFinite(value), `${to.name}: NaN or Infinity, which JSON does not have`]);
  if (to.charactersMax !== undefined && isText(type)) {
    faults.push([
      `COALESCE(length(${value}) > ${to.charactersMax}, false)`,
      `${to.name}: longer than the ${to.charactersMax} characters the table's column takes`,
    ]);
  }
  if (to.bytesMax !== undefined) {
    const length = isText(type) ? `strlen(${value})` : typeof type !== "string" && isBlob(type) ? `octet_length(${value})` : null;
    if (length !== null)
      faults.push([
        `COALESCE(${length} > ${to.bytesMax}, false)`,
        `${to.name}: longer than the ${to.bytesMax} bytes the table's column takes`,
      ]);
  }
  return faults;
}

/** Looks closer, with the texts inside taken out, only where the words occur at all. */
function notFinite(json: string): string {
  const text = `CAST(${json} AS VARCHAR)`;
  const words = `'NaN|Infinity'`;
  return `(COALESCE(regexp_matches(${text}, ${words}), false) AND regexp_matches(regexp_replace(${text}, '"(\\\\.|[^"\\\\])*"', '', 'g'), ${words}))`;
}

function sameType(one: string, other: string): boolean {
  const normal = (text: string): string =>
    text
      .replaceAll('"', "")
      .replace(/\s*,\s*/g, ",")
      .toUpperCase();
  return normal(one) === normal(other);
}

function isText(type: Type | string): boolean {
  return isScalar(type, "VARCHAR") || isScalar(type, "JSON");
}
function isBlob(type: Type): boolean {
  return isScalar(type, "BLOB");
}
function isNested(type: Type | string): boolean {
  return typeof type === "string" ? /^UNION\(/i.test(type) : type.kind !== "scalar" && type.kind !== "decimal";
}
function isScalar(type: Type | string, name: ScalarName): boolean {
  return typeof type !== "string" && type.kind === "scalar" && type.name === name;
}

/** Types that round or cut by what they are, as warehouses do when they load: only what is out of their range is a fault. */
function isRounding(want: Type | string): boolean {
  if (typeof want === "string") return false;
  return want.kind === "decimal" || (want.kind === "scalar" && /^(FLOAT|DATE|TIME|TIMESTAMP|VARCHAR)/.test(want.name));
}

const integers = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"];
const unsigned = ["UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"];

/** True where every value of `have` is one of `want`. */
function isWider(have: Type | string, want: Type | string): boolean {
  if (typeof have === "string" || typeof want === "string") return false;
  if (want.kind === "decimal" && have.kind === "decimal")
    return want.scale >= have.scale && want.width - want.scale >= have.width - have.scale;
  if (have.kind !== "scalar" || want.kind !== "scalar") return false;
  if (want.name === "VARCHAR") return have.name !== "BLOB";
  if (want.name === "DOUBLE")
    return have.name === "FLOAT" || ["TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"].includes(have.name);
  for (const [narrow, wide, gap] of [
    [integers, integers, 0],
    [unsigned, unsigned, 0],
    [unsigned, integers, 1],
  ] as const) {
    const [from, to] = [narrow.indexOf(have.name), wide.indexOf(want.name)];
    if (from >= 0 && to >= from + gap) return true;
  }
  return false;
}

/** The statement that writes rows to a Parquet file. */
export function writeRows(select: string, path: string): string {
  return `COPY (${select}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`;
}

/** The statement that makes `originTable`. */
export function makeOrigins(runs: readonly SplitRun[]): string {
  const values = runs.map(({ split, end }, index) => `(${split}, ${runs[index - 1]?.end ?? 0}, ${end})`);
  const from = values.length === 0 ? "(0, 0, 0)" : values.join(", ");
  return (
    `CREATE OR REPLACE TEMP TABLE ${originTable} AS ` +
    `SELECT split AS ${quoted(originColumns.split)}, unnest(range(first, past))::INTEGER AS ${ordinalColumn} FROM (VALUES ${from}) AS runs(split, first, past)`
  );
}
