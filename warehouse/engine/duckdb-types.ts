import { type DuckDBType, DuckDBTypeId } from "@duckdb/node-api";
import { binaryLengthMax, type SnowflakeType, textLengthMax } from "./snowflake-type.ts";

/** The DuckDB type that keeps a column of the type. */
export function duckdbType(type: SnowflakeType): string {
  switch (type.kind) {
    case "NUMBER":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "FLOAT":
      return "DOUBLE";
    case "VARCHAR":
      return "VARCHAR";
    case "BINARY":
      return "BLOB";
    case "BOOLEAN":
    case "DATE":
    case "TIME":
      return type.kind;
    case "TIMESTAMP_NTZ":
      return type.nanoseconds === true ? "TIMESTAMP_NS" : "TIMESTAMP";
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      // An instant only: Snowflake's TIMESTAMP_TZ keeps the offset it was written with too.
      return "TIMESTAMPTZ";
    case "VARIANT":
    case "OBJECT":
    case "ARRAY":
      return "JSON";
    default:
      return type satisfies never;
  }
}

/** The Snowflake type of what a DuckDB expression of the type answers. */
export function snowflakeTypeOf(type: DuckDBType): SnowflakeType {
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return { kind: "BOOLEAN" };
    case DuckDBTypeId.DECIMAL: {
      const { width, scale } = type;
      return { kind: "NUMBER", precision: width, scale };
    }
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.UHUGEINT:
      return { kind: "NUMBER", precision: 38, scale: 0 };
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      return { kind: "FLOAT" };
    case DuckDBTypeId.DATE:
      return { kind: "DATE" };
    case DuckDBTypeId.TIME:
    case DuckDBTypeId.TIME_TZ:
      return { kind: "TIME", scale: 9 };
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
      return { kind: "TIMESTAMP_NTZ", scale: 9 };
    case DuckDBTypeId.TIMESTAMP_NS:
      return { kind: "TIMESTAMP_NTZ", scale: 9, nanoseconds: true };
    case DuckDBTypeId.TIMESTAMP_TZ:
      return { kind: "TIMESTAMP_LTZ", scale: 9 };
    case DuckDBTypeId.BLOB:
      return { kind: "BINARY", length: binaryLengthMax };
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY:
      return { kind: "ARRAY" };
    case DuckDBTypeId.STRUCT:
    case DuckDBTypeId.MAP:
      return { kind: "OBJECT" };
    case DuckDBTypeId.VARCHAR:
      return type.alias === "JSON" ? { kind: "VARIANT" } : { kind: "VARCHAR", length: textLengthMax };
    default:
      return { kind: "VARCHAR", length: textLengthMax };
  }
}
