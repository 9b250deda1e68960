import type { Column } from "../../../transform/column.ts";
import { mapPlain, parseType, printType } from "../../../transform/duckdb-type.ts";
import { parquetType } from "../../../transform/parquet-types.ts";

/**
 * The column as it stands in a file, in types that Parquet has. A sum's HUGEINT becomes the widest decimal there is rather
 * than a text; a value beyond its 38 digits is rejected by the transform's cast. Others without a Parquet type become text.
 */
export function fileColumn({ name, type }: Column): Column {
  const parsed = parseType(type);
  const known = printType(mapPlain(parsed, (plain) => nearest[plain] ?? plain));
  return { name, type: parquetType(known === printType(parsed) ? type : known) };
}

const nearest: Readonly<Record<string, string>> = {
  HUGEINT: "DECIMAL(38,0)",
  UHUGEINT: "DECIMAL(38,0)",
  TIMESTAMP_S: "TIMESTAMP",
};

/** Columns whose type is not the one they have in earlier files, each as a sentence: readers of all files together would fail. */
export function typeClashes(earlier: readonly Column[], columns: readonly Column[]): readonly string[] {
  const types = new Map(earlier.map(({ name, type }) => [name.toLowerCase(), type]));
  return columns.flatMap(({ name, type }) => {
    const before = types.get(name.toLowerCase());
    return before === undefined || before === type
      ? []
      : [
          `column ${name} is ${before} in earlier files, but ${type} in the SQL: write CAST(… AS ${before}) AS "${name}" in the SQL, rename it, or name a new directory`,
        ];
  });
}
