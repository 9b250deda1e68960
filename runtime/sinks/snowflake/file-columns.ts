import { quotedName } from "../../snowflake/identifiers.ts";
import { printSnowflakeType, type SnowflakeType } from "./snowflake-type.ts";
import type { StoredColumn } from "./table-plan.ts";

/** Options of COPY INTO for the files that `Rows` are. */
export const fileFormat = "(TYPE = PARQUET BINARY_AS_TEXT = FALSE USE_LOGICAL_TYPE = TRUE)";

/** A column of a staged file in a SELECT over it. */
export interface FileColumn {
  /** The column's name in Snowflake, in quotes. */
  readonly name: string;
  /** Its value from the file. */
  readonly value: string;
}

/** How the SQL's column is read from a staged file, so that it is exactly the value that was written. */
export function fileColumn(sqlName: string, { name, type }: StoredColumn): FileColumn {
  return { name: quotedName(name), value: value(`$1:${quotedName(sqlName)}`, type) };
}

function value(path: string, type: SnowflakeType): string {
  switch (type.kind) {
    // The column's length is checked when the row gets there.
    case "VARCHAR":
    case "BINARY":
      return `${path}::${type.kind}`;
    // What is nested travels as text. Of a key that occurs twice the last value counts, as in DuckDB's own reader; without 'd' it
    // would fail the whole file.
    case "VARIANT":
      return `PARSE_JSON(${path}::VARCHAR, 'd')`;
    case "OBJECT":
    case "ARRAY":
      return `PARSE_JSON(${path}::VARCHAR, 'd')::${type.kind}`;
    default:
      return `${path}::${printSnowflakeType(type)}`;
  }
}
