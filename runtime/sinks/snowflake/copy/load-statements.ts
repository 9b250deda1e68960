import type { Column } from "../../../../transform/column.ts";
import { quotedName, textLiteral } from "../../../snowflake/identifiers.ts";
import { type FileColumn, fileColumn, fileFormat } from "../file-columns.ts";
import { printSnowflakeType } from "../snowflake-type.ts";
import type { StoredColumn } from "../table-plan.ts";

/** A staged file and where its rows go. */
export interface LoadOptions {
  /** The table in SQL. */
  readonly table: string;
  /** Columns of the file. */
  readonly columns: readonly Column[];
  /** Where they go, by name. */
  readonly stored: ReadonlyMap<string, StoredColumn>;
  /** Folder of the file: `@"DB"."PUBLIC"."STAGE"/folder/`. */
  readonly folder: string;
  readonly file: string;
}

/** The one statement that appends the file's rows. It loads all of them or none, and takes the file out of the stage. */
export function copyStatement({ table, columns, stored, folder, file }: LoadOptions): string {
  return copyInto(
    table,
    columns.map(({ name }) => fileColumn(name, home(stored, name))),
    { folder, file },
  );
}

/** The statements of an upsert. */
export interface UpsertStatements {
  /** DDL: before the transaction. Makes the session's own table that the file is loaded into, empty. */
  readonly create: string;
  readonly copy: string;
  readonly merge: string;
}

/** What an upsert needs besides. */
export interface UpsertOptions extends LoadOptions {
  /** The session's own table in SQL. */
  readonly staging: string;
  /** Columns of the SQL; their values are unique in the file. */
  readonly key: readonly string[];
  /** Column of the file that is not stored: true removes the row with the key. null: none. */
  readonly deleteWhen: string | null;
}

/**
 * A row replaces the one with its key: the row's columns are set, and what the file does not have stays as it is (in a new row:
 * the column's default, else NULL).
 */
export function upsertStatements(options: UpsertOptions): UpsertStatements {
  const { table, columns, stored, staging, key, deleteWhen } = options;
  const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
  const isDelete = ({ name }: Column): boolean => deleteWhen !== null && isSame(name, deleteWhen);
  // The staging table's columns have names of its own: that of `deleteWhen` could be one of the table's.
  const staged = columns.map((column, at) => ({
    name: `C${at}`,
    sqlName: column.name,
    home: isDelete(column) ? null : home(stored, column.name),
  }));
  const kept = staged.flatMap((column) => (column.home === null ? [] : [{ ...column, home: column.home }]));
  const isKey = (sqlName: string): boolean => key.some((name) => isSame(name, sqlName));
  const same = kept
    .filter(({ sqlName }) => isKey(sqlName))
    .map((column) => `T.${quotedName(column.home.name)} = R.${column.name}`)
    .join(" AND ");
  const sets = kept
    .filter(({ sqlName }) => !isKey(sqlName))
    .map((column) => `${quotedName(column.home.name)} = R.${column.name}`);
  const removing = staged.find((column) => column.home === null);
  const removes = removing === undefined ? null : `COALESCE(R.${removing.name}, FALSE)`;
  const boolean = { name: "", type: { kind: "BOOLEAN" } } as const;
  return {
    create: `CREATE OR REPLACE TEMPORARY TABLE ${staging} (${staged
      .map((column) => `${column.name} ${printSnowflakeType((column.home ?? boolean).type)}`)
      .join(", ")})`,
    copy: copyInto(
      staging,
      staged.map((column) => ({ name: column.name, value: fileColumn(column.sqlName, column.home ?? boolean).value })),
      options,
    ),
    merge: [
      `MERGE INTO ${table} AS T USING ${staging} AS R ON ${same}`,
      ...(removes === null ? [] : [`WHEN MATCHED AND ${removes} THEN DELETE`]),
      ...(sets.length === 0 ? [] : [`WHEN MATCHED THEN UPDATE SET ${sets.join(", ")}`]),
      `WHEN NOT MATCHED${removes === null ? "" : ` AND NOT ${removes}`} THEN INSERT (${kept.map((column) => quotedName(column.home.name)).join(", ")}) VALUES (${kept.map((column) => `R.${column.name}`).join(", ")})`,
    ].join(" "),
  };
}

function copyInto(table: string, columns: readonly FileColumn[], { folder, file }: Pick<LoadOptions, "folder" | "file">): string {
  const names = columns.map(({ name }) => name).join(", ");
  const values = columns.map(({ value }) => value).join(", ");
  return `COPY INTO ${table} (${names}) FROM (SELECT ${values} FROM ${folder}) FILES = (${textLiteral(file)}) FILE_FORMAT = ${fileFormat} ON_ERROR = ABORT_STATEMENT PURGE = TRUE`;
}

function home(stored: ReadonlyMap<string, StoredColumn>, name: string): StoredColumn {
  const found = stored.get(name);
  if (found === undefined) throw new Error(`column ${name}: the file has it, but the table was not prepared for it`);
  return found;
}
