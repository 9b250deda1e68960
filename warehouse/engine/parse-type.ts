import { SnowflakeError } from "../result.ts";
import { binaryLengthMax, type SnowflakeType, textLengthMax, type TimeType } from "./snowflake-type.ts";

const numbers = /^(?:NUMBER|NUMERIC|DECIMAL|DEC)$/;
const integers = /^(?:INT|INTEGER|BIGINT|SMALLINT|TINYINT|BYTEINT)$/;
const floats = /^(?:FLOAT|FLOAT4|FLOAT8|DOUBLE|DOUBLE PRECISION|REAL)$/;
const texts = /^(?:VARCHAR|STRING|TEXT|NVARCHAR|NVARCHAR2|CHAR VARYING|NCHAR VARYING)$/;
const characters = /^(?:CHAR|CHARACTER|NCHAR)$/;
const binaries = /^(?:BINARY|VARBINARY)$/;
const times: Readonly<Record<string, TimeType["kind"]>> = {
  TIME: "TIME",
  DATETIME: "TIMESTAMP_NTZ",
  TIMESTAMP: "TIMESTAMP_NTZ",
  TIMESTAMP_NTZ: "TIMESTAMP_NTZ",
  TIMESTAMPNTZ: "TIMESTAMP_NTZ",
  "TIMESTAMP WITHOUT TIME ZONE": "TIMESTAMP_NTZ",
  TIMESTAMP_LTZ: "TIMESTAMP_LTZ",
  TIMESTAMPLTZ: "TIMESTAMP_LTZ",
  "TIMESTAMP WITH LOCAL TIME ZONE": "TIMESTAMP_LTZ",
  TIMESTAMP_TZ: "TIMESTAMP_TZ",
  TIMESTAMPTZ: "TIMESTAMP_TZ",
  "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_TZ",
};

/** Reads a type as Snowflake's SQL writes it, with its synonyms and defaults. Throws SnowflakeError. */
export function parseType(text: string): SnowflakeType {
  const match = /^\s*(?<name>[A-Za-z_][\w ]*?)\s*(?:\((?<list>[^()]*(?:\([^()]*\)[^()]*)*)\))?\s*$/.exec(text);
  const name = (match?.groups?.["name"] ?? text).toUpperCase().replaceAll(/\s+/g, " ");
  const list = match?.groups?.["list"];
  if (/^(?:VARIANT|OBJECT|ARRAY|MAP)$/.test(name)) return { kind: name === "MAP" ? "OBJECT" : (name as "VARIANT") };
  const [first, second] = (list ?? "").split(",").map((part) => (part.trim() === "" ? undefined : Number(part)));
  if (numbers.test(name)) return number(text, first ?? 38, second ?? 0);
  if (integers.test(name)) return { kind: "NUMBER", precision: 38, scale: 0 };
  if (floats.test(name)) return { kind: "FLOAT" };
  if (name === "BOOLEAN" || name === "DATE") return { kind: name };
  if (texts.test(name)) return { kind: "VARCHAR", length: length(text, first ?? textLengthMax, 134_217_728) };
  if (characters.test(name)) return { kind: "VARCHAR", length: length(text, first ?? 1, 134_217_728) };
  if (binaries.test(name)) return { kind: "BINARY", length: length(text, first ?? binaryLengthMax, 67_108_864) };
  const kind = times[name];
  if (kind === undefined)
    throw new SnowflakeError("002040", "42601", `SQL compilation error:\nUnsupported data type '${text.trim().toUpperCase()}'.`);
  const scale = length(text, first ?? 9, 9);
  return kind === "TIMESTAMP_NTZ" && first !== undefined && scale > 6 ? { kind, scale, nanoseconds: true } : { kind, scale };
}

function number(text: string, precision: number, scale: number): SnowflakeType {
  if (!(precision >= 1 && precision <= 38 && scale >= 0 && scale <= Math.min(precision, 37))) throw invalid(text);
  return { kind: "NUMBER", precision, scale };
}

function length(text: string, value: number, max: number): number {
  if (!(Number.isInteger(value) && value >= 0 && value <= max)) throw invalid(text);
  return value;
}

function invalid(text: string): SnowflakeError {
  return new SnowflakeError(
    "001008",
    "42601",
    `SQL compilation error:\ninvalid parameter of data type '${text.trim().toUpperCase()}'.`,
  );
}
