import { duckdbType } from "../engine/duckdb-types.ts";
import { literal } from "../engine/physical-name.ts";
import type { SnowflakeType } from "../engine/snowflake-type.ts";
import type { ColumnDefinition } from "../engine/table-definition.ts";
import type { CsvFormat } from "../stages/file-format.ts";

/** A value of a file on its way into a column, as SQL. */
export interface FileValue {
  readonly sql: string;
  /** DuckDB's type of `sql`. */
  readonly type: string;
  /** Texts of a CSV file are read as JSON where they go into a VARIANT; those of others are texts there. */
  readonly parseJson: boolean;
}

/** How texts stand for points in time and bytes. */
export type TextFormats = Pick<CsvFormat, "dateFormat" | "timeFormat" | "timestampFormat" | "binaryFormat">;

/** Formats where the file's type has none. */
export const autoFormats: TextFormats = { dateFormat: "AUTO", timeFormat: "AUTO", timestampFormat: "AUTO", binaryFormat: "HEX" };

/**
 * How a value gets into a column, in steps that DuckDB computes once each: `input` over the file's rows, `output` over `input`, and
 * what is wrong over both. The steps' columns are called by `inputName` and `outputName`.
 */
export interface ColumnFit {
  readonly column: ColumnDefinition;
  readonly input: string;
  /** What the column stores; NULL where the value does not fit. Fails for no value. */
  readonly output: string;
  /** True where it does not fit, never NULL; null where every value fits. */
  readonly bad: string | null;
  /** What Snowflake says of one that does not fit: text, `code|message`. */
  readonly error: string;
}

/** The column of a step. */
export function inputName(at: number): string {
  return `"snowline input ${at}"`;
}

/** The column of the step after it. */
export function outputName(at: number): string {
  return `"snowline output ${at}"`;
}

/** How a value gets into a column. */
export interface FitOptions {
  readonly formats: TextFormats;
  /** Texts that are too long are cut. */
  readonly truncate: boolean;
}

interface Converted {
  readonly value: string;
  /** Never NULL where the value is not; null: always fits. */
  readonly bad: string | null;
  readonly code: string;
  /** Begins and ends the message around the value. */
  readonly message: readonly [string, string];
}

/** How a value of a file gets into the column that is the statement's `at`th. */
export function fitColumn(
  value: FileValue,
  { column, at }: { readonly column: ColumnDefinition; readonly at: number },
  options: FitOptions,
): ColumnFit {
  const { sql: input, ...unwrappedValue } = unwrapped(value, column.type);
  const from = { ...unwrappedValue, sql: inputName(at), output: outputName(at) };
  const { value: output, bad, code, message } = convert(from, column.type, options);
  const shown = `coalesce(left(CAST(${from.sql} AS VARCHAR), 100), '')`;
  const errors = [`WHEN ${bad ?? "false"} THEN ${literal(`${code}|${message[0]}`)} || ${shown} || ${literal(message[1])}`];
  const bads = bad === null ? [] : [bad];
  if (column.type.kind === "NUMBER" && bad !== null) {
    const { precision, scale } = column.type;
    const tooLarge = `100132|Number out of representable range: type FIXED(${precision},${scale}), value `;
    errors.unshift(`WHEN ${bad} AND TRY_CAST(${from.sql} AS DOUBLE) IS NOT NULL THEN ${literal(tooLarge)} || ${shown}`);
  }
  if (!column.nullable) {
    const missing = `${from.sql} IS NULL`;
    bads.unshift(missing);
    errors.unshift(`WHEN ${missing} THEN '100072|NULL result in a non-nullable column'`);
  }
  const isBad = bads.length === 0 ? null : `coalesce(${bads.join(" OR ")}, false)`;
  return { column, input, output, bad: isBad, error: `CASE ${errors.join(" ")} END` };
}

/** A value whose `sql` is the column of its step. */
interface StepValue extends FileValue {
  /** The column that what `convert` gives is called by. */
  readonly output: string;
}

/** A VARIANT's value where the column is none: its text, or NULL for JSON's null. */
function unwrapped(from: FileValue, type: SnowflakeType): FileValue {
  const semi = type.kind === "VARIANT" || type.kind === "OBJECT" || type.kind === "ARRAY";
  if (from.type !== "JSON" || semi) return from;
  return { ...from, sql: `json_extract_string(${from.sql}, '$')`, type: "VARCHAR" };
}

function convert(from: StepValue, type: SnowflakeType, options: FitOptions): Converted {
  switch (type.kind) {
    case "VARCHAR":
      return toText(from, type.length, options);
    case "BINARY":
      return toBinary(from, type.length, options);
    case "NUMBER":
      return tried(from, numberOf(from, duckdbType(type)), {
        code: "100038",
        message: ["Numeric value '", "' is not recognized"],
      });
    case "FLOAT":
      return tried(from, `TRY_CAST(${from.sql} AS DOUBLE)`, {
        code: "100038",
        message: ["Numeric value '", "' is not recognized"],
      });
    case "BOOLEAN":
      return tried(from, booleanOf(from), { code: "100037", message: ["Boolean value '", "' is not recognized"] });
    case "DATE":
      return tried(from, pointOf(from, "DATE", options.formats.dateFormat), {
        code: "100040",
        message: ["Date '", "' is not recognized"],
      });
    case "TIME":
      return tried(from, pointOf(from, "TIME", options.formats.timeFormat), {
        code: "100108",
        message: ["Time '", "' is not recognized"],
      });
    case "TIMESTAMP_NTZ":
    case "TIMESTAMP_LTZ":
    case "TIMESTAMP_TZ":
      return tried(from, pointOf(from, duckdbType(type), options.formats.timestampFormat), {
        code: "100035",
        message: ["Timestamp '", "' is not recognized"],
      });
    case "VARIANT":
    case "OBJECT":
    case "ARRAY":
      return toVariant(from, type.kind);
    default:
      return type satisfies never;
  }
}

function tried(from: StepValue, value: string, error: Pick<Converted, "code" | "message">): Converted {
  const fits = value === from.sql;
  return { value, bad: fits ? null : `(${from.sql} IS NOT NULL AND ${from.output} IS NULL)`, ...error };
}

/** Digits of DuckDB's decimals that are read from texts fast: larger ones take some ten times as long. */
const fastDigits = 18;

function numberOf({ sql, type }: FileValue, target: string): string {
  if (type === target) return sql;
  const scale = Number(/,(\d+)\)$/.exec(target)?.[1] ?? 0);
  if (type !== "VARCHAR" || scale > fastDigits) return `TRY_CAST(${sql} AS ${target})`;
  return `coalesce(TRY_CAST(TRY_CAST(${sql} AS DECIMAL(${fastDigits},${scale})) AS ${target}), TRY_CAST(${sql} AS ${target}))`;
}

function booleanOf({ sql, type }: FileValue): string {
  if (type === "BOOLEAN") return sql;
  const text = `lower(CAST(${sql} AS VARCHAR))`;
  return `CASE WHEN ${text} IN ('true', 't', 'yes', 'y', 'on', '1') THEN true WHEN ${text} IN ('false', 'f', 'no', 'n', 'off', '0') THEN false END`;
}

/** Seconds, milliseconds, microseconds or nanoseconds since the epoch, told apart by their size as Snowflake does. */
function epoch(text: string): string {
  const number = `TRY_CAST(${text} AS BIGINT)`;
  const size = `abs(${number})`;
  return `CASE WHEN ${size} < 31536000000 THEN make_timestamp(${number} * 1000000) WHEN ${size} < 31536000000000 THEN make_timestamp(${number} * 1000) WHEN ${size} < 31536000000000000 THEN make_timestamp(${number}) ELSE make_timestamp(${number} // 1000) END`;
}

function pointOf({ sql, type }: FileValue, target: string, format: string): string {
  if (type === target) return sql;
  // Of a Parquet file without its logical types: a number, which Snowflake takes for seconds.
  if (/INT|DECIMAL/.test(type))
    return target === "TIME" || target === "DATE"
      ? `TRY_CAST(NULL AS ${target})`
      : `TRY_CAST(to_timestamp(nullif(least(CAST(${sql} AS DOUBLE), 253402300800), 253402300800)) AS ${target})`;
  if (type !== "VARCHAR") return `TRY_CAST(${sql} AS ${target})`;
  if (format.toUpperCase() !== "AUTO") return `TRY_CAST(try_strptime(${sql}, ${literal(strptimeFormat(format))}) AS ${target})`;
  // +0200 for +02:00, and a blank before it.
  const text = `regexp_replace(trim(${sql}), '\\s*([+-]\\d\\d):?(\\d\\d)$', '\\1:\\2')`;
  const cast =
    target === "TIMESTAMP_NS"
      ? `coalesce(TRY_CAST(${text} AS TIMESTAMP_NS), TRY_CAST(TRY_CAST(${text} AS TIMESTAMP) AS TIMESTAMP_NS))`
      : `TRY_CAST(${text} AS ${target})`;
  if (target === "TIME") return cast;
  // What DuckDB reads as it is needs no second look.
  return `coalesce(TRY_CAST(${sql} AS ${target}), CASE WHEN regexp_full_match(${sql}, '\\d+') THEN CAST(${epoch(sql)} AS ${target}) ELSE ${cast} END)`;
}

const strptime: readonly (readonly [RegExp, string])[] = [
  [/YYYY/y, "%Y"],
  [/YY/y, "%y"],
  [/MMMM/y, "%B"],
  [/MON/y, "%b"],
  [/MM/y, "%m"],
  [/DD/y, "%d"],
  [/DY/y, "%a"],
  [/HH24/y, "%H"],
  [/HH12/y, "%I"],
  [/AM|PM/y, "%p"],
  [/MI/y, "%M"],
  [/SS/y, "%S"],
  [/FF[0-9]?/y, "%n"],
  [/TZH:?TZM|TZH/y, "%z"],
];

/** Snowflake's format of a point in time as DuckDB's. */
function strptimeFormat(format: string): string {
  let out = "";
  const upper = format.toUpperCase();
  for (let at = 0; at < format.length;) {
    const found = strptime.find(([pattern]) => {
      pattern.lastIndex = at;
      return pattern.test(upper);
    });
    if (found === undefined) {
      const character = format[at] ?? "";
      if (character !== '"') out += character === "%" ? "%%" : character;
      at++;
    } else {
      out += found[1];
      at = found[0].lastIndex;
    }
  }
  return out;
}

function toText({ sql, type, output }: StepValue, length: number, { truncate }: FitOptions): Converted {
  const text = type === "VARCHAR" ? sql : type === "BLOB" ? `hex(${sql})` : `CAST(${sql} AS VARCHAR)`;
  const tooLong = { code: "100078", message: [`User character length limit (${length}) exceeded by string '`, "'"] as const };
  if (truncate) return { value: `left(${text}, ${length})`, bad: null, ...tooLong };
  return { value: text, bad: `length(${output}) > ${length}`, ...tooLong };
}

function toBinary({ sql, type, output }: StepValue, length: number, { formats, truncate }: FitOptions): Converted {
  const tooLong = { code: "100078", message: [`Binary value '`, `' is too long: it has more than ${length} bytes`] as const };
  const cut = (bytes: string): string => (truncate ? `${bytes}[1:${length}]` : bytes);
  if (type === "BLOB") return { value: cut(sql), bad: truncate ? null : `octet_length(${sql}) > ${length}`, ...tooLong };
  const text = type === "VARCHAR" ? sql : `CAST(${sql} AS VARCHAR)`;
  if (formats.binaryFormat === "UTF8")
    return { value: cut(`encode(${text})`), bad: `octet_length(${output}) > ${length}`, ...tooLong };
  const [legal, bytes, name] =
    formats.binaryFormat === "HEX"
      ? [`regexp_full_match(${text}, '(?:[0-9a-fA-F]{2})*')`, "unhex", "hex"]
      : [`regexp_full_match(${text}, '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?')`, "from_base64", "base64"];
  const value = `CASE WHEN ${legal} THEN ${bytes}(${text}) END`;
  return {
    value,
    bad: `(${sql} IS NOT NULL AND (${output} IS NULL OR octet_length(${output}) > ${length}))`,
    code: "100115",
    message: [`The following string is not a legal ${name}-encoded value: '`, "'"],
  };
}

function toVariant({ sql, type, parseJson, output }: StepValue, kind: "VARIANT" | "OBJECT" | "ARRAY"): Converted {
  const json = jsonOf(sql, type, parseJson);
  const parsing = parseJson && type === "VARCHAR";
  if (kind === "VARIANT") {
    return {
      value: json,
      bad: parsing ? `(${sql} IS NOT NULL AND ${output} IS NULL)` : null,
      code: "100069",
      message: ["Error parsing JSON: ", ""],
    };
  }
  const value = `CASE WHEN json_type(${json}) = '${kind}' THEN ${json} END`;
  return {
    value,
    bad: `(${sql} IS NOT NULL AND coalesce(json_type(${json}), '') NOT IN ('${kind}', 'NULL'))`,
    code: "100070",
    message: [`Failed to cast variant value `, ` to ${kind}`],
  };
}

/** Numbers keep all their digits, texts stay texts, bytes become hexadecimal. */
function jsonOf(sql: string, type: string, parseJson: boolean): string {
  if (type === "JSON") return sql;
  if (type === "VARCHAR") return parseJson ? `TRY_CAST(${sql} AS JSON)` : `to_json(${sql})`;
  if (type === "BLOB") return `to_json(hex(${sql}))`;
  if (/^(?:FLOAT|DOUBLE)$/.test(type))
    return `CASE WHEN isfinite(${sql}) THEN to_json(${sql}) WHEN ${sql} IS NOT NULL THEN to_json(CASE WHEN isnan(${sql}) THEN 'NaN' WHEN ${sql} > 0 THEN 'inf' ELSE '-inf' END) END`;
  if (/^DECIMAL\(\d+,0\)$|INT/.test(type) && !/[[({]/.test(type.replace(/^DECIMAL\(\d+,0\)$/, "")))
    return `CAST(CAST(${sql} AS VARCHAR) AS JSON)`;
  if (/^DECIMAL\(\d+,\d+\)$/.test(type)) return `CAST(rtrim(rtrim(CAST(${sql} AS VARCHAR), '0'), '.') AS JSON)`;
  return `to_json(${sql})`;
}
