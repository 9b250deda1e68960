import type { ResultColumn } from "../result.ts";

/** A column as the wire describes it. */
export interface WireColumn {
  readonly name: string;
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  readonly nullable: boolean;
  readonly type: string;
  readonly byteLength: number | null;
  readonly length: number | null;
  readonly scale: number | null;
  readonly precision: number | null;
  readonly collation: null;
}

/** Bytes that a character has at most. */
const characterBytes = 4;

/** Describes a result's column for drivers. */
export function wireColumn({ name, type, nullable }: ResultColumn): WireColumn {
  const column = {
    name,
    database: "",
    schema: "",
    table: "",
    nullable,
    byteLength: null,
    length: null,
    scale: null,
    precision: null,
    collation: null,
  };
  switch (type.kind) {
    case "NUMBER":
      return { ...column, type: "fixed", precision: type.precision, scale: type.scale };
    case "FLOAT":
      return { ...column, type: "real" };
    case "VARCHAR":
      return { ...column, type: "text", length: type.length, byteLength: type.length * characterBytes };
    case "BINARY":
      return { ...column, type: "binary", length: type.length, byteLength: type.length };
    case "TIME":
    case "TIMESTAMP_NTZ":
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return { ...column, type: type.kind.toLowerCase(), precision: 0, scale: type.scale };
    case "BOOLEAN":
    case "DATE":
    case "VARIANT":
    case "OBJECT":
    case "ARRAY":
      return { ...column, type: type.kind.toLowerCase() };
    default:
      return type satisfies never;
  }
}
