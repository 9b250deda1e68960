import type { Column, TargetColumn } from "../../../transform/column.ts";
import { quoted } from "../../../transform/duckdb-type.ts";
import { parquetType } from "../../../transform/parquet-types.ts";

/** What is loaded, and where to. */
export interface LoadOptions {
  /** The table, as SQL names it. */
  readonly table: string;
  /** What `prepare` found it to take. */
  readonly target: readonly TargetColumn[];
  /** Columns of the file. */
  readonly columns: readonly Column[];
  /** null: append. `deleteWhen`: column that is not stored, in which true removes the row with the key. */
  readonly upsert: { readonly key: readonly string[]; readonly deleteWhen: string | null } | null;
}

/**
 * The one statement that loads a file of rows; its only parameter is the file's path. Columns meet by name and are cast back
 * from how they travelled. In upsert mode a row replaces the one with its key: the row's columns are set, and what the file
 * does not have stays as it is (in a new row: the column's default, else NULL), as a warehouse's MERGE does it.
 */
export function loadStatement({ table, target, columns, upsert }: LoadOptions): string {
  const typeOf = new Map(target.map((column) => [column.name.toLowerCase(), column.type]));
  const casts = columns.map(({ name, type }) => {
    const wanted = typeOf.get(name.toLowerCase()) ?? type;
    return `CAST(CAST(${quoted(name)} AS ${parquetType(wanted)}) AS ${wanted}) AS ${quoted(name)}`;
  });
  const rows = `SELECT ${casts.join(", ")} FROM system.main.read_parquet($1, hive_partitioning = false)`;
  if (upsert === null) return `INSERT INTO ${table} (${columns.map(({ name }) => quoted(name)).join(", ")}) ${rows}`;
  const { key, deleteWhen } = upsert;
  const stored = columns.filter(({ name }) => name.toLowerCase() !== deleteWhen?.toLowerCase());
  const names = stored.map(({ name }) => quoted(name));
  const isKey = new Set(key.map((name) => name.toLowerCase()));
  const same = key.map((name) => `t.${quoted(name)} = r.${quoted(name)}`).join(" AND ");
  const removes = deleteWhen === null ? null : `COALESCE(r.${quoted(deleteWhen)}, false)`;
  const sets = stored
    .filter(({ name }) => !isKey.has(name.toLowerCase()))
    .map(({ name }) => `${quoted(name)} = r.${quoted(name)}`);
  return [
    `MERGE INTO ${table} AS t USING (${rows}) AS r ON ${same}`,
    ...(removes === null ? [] : [`WHEN MATCHED AND ${removes} THEN DELETE`]),
    sets.length === 0 ? "WHEN MATCHED THEN DO NOTHING" : `WHEN MATCHED THEN UPDATE SET ${sets.join(", ")}`,
    `WHEN NOT MATCHED${removes === null ? "" : ` AND NOT ${removes}`} THEN INSERT (${names.join(", ")}) VALUES (${names.map((name) => `r.${name}`).join(", ")})`,
  ].join(" ");
}
