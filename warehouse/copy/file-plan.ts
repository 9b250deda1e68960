import type { DuckDBConnection } from "@duckdb/node-api";
import { quoted } from "../engine/physical-name.ts";
import type { ColumnDefinition, TableDefinition } from "../engine/table-definition.ts";
import { SnowflakeError } from "../result.ts";
import type { FileFormat } from "../stages/file-format.ts";
import { autoFormats, type ColumnFit, type FileValue, fitColumn, inputName, outputName, type TextFormats } from "./column-fit.ts";
import type { LoadStatement } from "./copy-statement.ts";
import { type FileSource, recordColumn } from "./file-source.ts";
import type { HeldFile } from "./held-files.ts";
import { openSource } from "./open-source.ts";
import type { TransformQuery } from "./transform-query.ts";

/** How one file's records get into the table. */
export interface FilePlan {
  readonly file: HeldFile;
  readonly source: FileSource;
  /** Relation with the columns of the fits' steps, and the rows' number `recordColumn`. */
  rows(choice: RowChoice): string;
  /** One for each column that gets a value, in the order of the statement. */
  readonly fits: readonly ColumnFit[];
  /** Expressions of the statement's own run over the records, which may fail for one of them. */
  readonly transforms: boolean;
}

/** Which records are read. */
export interface RowChoice {
  /** Records that cannot be read are left out; else reading fails there. */
  readonly tolerant: boolean;
  /** Condition over the file's records; absent: all. */
  readonly where?: string;
}

/** What files are planned for. */
export interface PlanOptions {
  readonly connection: DuckDBConnection;
  readonly statement: LoadStatement;
  readonly table: TableDefinition;
  readonly format: FileFormat;
  /** Null where files are taken as they are. */
  readonly transform: TransformQuery | null;
}

/** Plans a file. Throws SnowflakeError where the statement fits neither the table nor the format, and what DuckDB says of a file that it cannot read. */
export async function planFile(file: HeldFile, options: PlanOptions): Promise<FilePlan> {
  const { connection, statement, format, transform } = options;
  const targets = targetColumns(options);
  const matches = statement.options.matchBy !== "NONE";
  const strict = format.type === "CSV" && format.errorOnColumnCountMismatch && transform === null && !matches;
  const source = await openSource({
    connection,
    file,
    format,
    fields: strict ? targets.length : null,
    fieldMax: transform?.fieldMax ?? targets.length,
    steps: transform?.steps ?? [],
    names: matches,
  });
  const { formats, truncate } = { formats: textFormats(format), truncate: statement.options.truncate };
  const fit = (pairs: readonly (readonly [ColumnDefinition, FileValue])[]): readonly ColumnFit[] =>
    pairs.map(([column, value], at) => fitColumn(value, { column, at }, { formats, truncate }));
  const records = ({ tolerant, where }: RowChoice): string => {
    const query = tolerant ? source.tolerant : source.query;
    const chosen = where === undefined ? query : `(SELECT * FROM ${query} WHERE ${where})`;
    return transform === null
      ? `(SELECT *, "METADATA$FILE_ROW_NUMBER" AS ${recordColumn} FROM ${chosen})`
      : transform.over(chosen);
  };
  const planned = (fits: readonly ColumnFit[]): FilePlan => ({
    file,
    source,
    rows: (choice) => inSteps(records(choice), fits),
    fits,
    transforms: transform !== null,
  });
  if (transform === null) return planned(fit(matches ? matched(options, source) : paired(targets, positional(format, targets))));
  const values = await outputs(connection, records({ tolerant: true }));
  if (values.length !== targets.length) throw countMismatch(targets.length, values.length);
  return planned(fit(paired(targets, values)));
}

/** Computes what the fits need, each step over the one before it. */
function inSteps(records: string, fits: readonly ColumnFit[]): string {
  const inputs = fits.map(({ input }, at) => `${input} AS ${inputName(at)}`);
  const outputs = fits.map(({ output }, at) => `${output} AS ${outputName(at)}`);
  return `(SELECT *, ${outputs.join(", ")} FROM (SELECT ${recordColumn}, ${inputs.join(", ")} FROM ${records}))`;
}

function paired(
  targets: readonly ColumnDefinition[],
  values: readonly FileValue[],
): readonly (readonly [ColumnDefinition, FileValue])[] {
  return values.flatMap((value, at) => {
    const column = targets[at];
    return column === undefined ? [] : [[column, value] as const];
  });
}

/** The columns that the statement names, or all of the table's. */
function targetColumns({ statement, table }: PlanOptions): readonly ColumnDefinition[] {
  if (statement.columns === null) return table.columns;
  return statement.columns.map((name) => {
    const column = table.columns.find((each) => each.name === name);
    if (column === undefined)
      throw new SnowflakeError("000904", "42000", `SQL compilation error: error line 1\ninvalid identifier '${name}'`);
    return column;
  });
}

function countMismatch(expected: number, found: number): SnowflakeError {
  return new SnowflakeError(
    "002020",
    "21S01",
    `SQL compilation error:\nInsert value list does not match column list expecting ${expected} but got ${found}`,
  );
}

function positional(format: FileFormat, targets: readonly ColumnDefinition[]): readonly FileValue[] {
  if (format.type === "CSV") return targets.map((_, at) => ({ sql: quoted(`$${at + 1}`), type: "VARCHAR", parseJson: true }));
  const [target, ...others] = targets;
  if (target === undefined || others.length > 0 || !/^(?:VARIANT|OBJECT|ARRAY)$/.test(target.type.kind)) {
    throw new SnowflakeError(
      "002026",
      "0A000",
      `SQL compilation error:\n${format.type} file format can produce one and only one column of type variant, object, or array. Load data into separate columns using the MATCH_BY_COLUMN_NAME copy option or copy with transformation.`,
    );
  }
  return [{ sql: quoted("$1"), type: "JSON", parseJson: false }];
}

/** Columns of the file to those of the same name: the first that matches. A column of the table that the file does not have becomes NULL. */
function matched(
  { statement, table, format }: PlanOptions,
  source: FileSource,
): readonly (readonly [ColumnDefinition, FileValue])[] {
  if (source.named === null) {
    throw new SnowflakeError(
      "001007",
      "22023",
      `SQL compilation error:\nMATCH_BY_COLUMN_NAME needs PARSE_HEADER = TRUE for a file format of type ${format.type}`,
    );
  }
  const { named } = source;
  const sensitive = statement.options.matchBy === "CASE_SENSITIVE";
  return table.columns.map((column) => {
    const same = named.filter(({ name }) =>
      sensitive ? name === column.name : name.toUpperCase() === column.name.toUpperCase(),
    );
    const [first, ...others] = same;
    if (first === undefined) return [column, { sql: "NULL", type: "VARCHAR", parseJson: false }];
    // Documents of a file may spell a name otherwise each.
    if (others.length === 0 || first.type !== "JSON") return [column, first];
    return [column, { ...first, sql: `coalesce(${same.map(({ sql }) => sql).join(", ")})` }];
  });
}

async function outputs(connection: DuckDBConnection, relation: string): Promise<readonly FileValue[]> {
  const reader = await connection.runAndReadAll(`DESCRIBE SELECT * EXCLUDE (${recordColumn}) FROM ${relation}`);
  return reader.getRowsJS().map(([name, type]) => ({ sql: quoted(name as string), type: type as string, parseJson: false }));
}

function textFormats(format: FileFormat): TextFormats {
  return format.type === "PARQUET" ? autoFormats : format;
}
