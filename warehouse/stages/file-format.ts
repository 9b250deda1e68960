import type { Account } from "../account.ts";
import { SnowflakeError } from "../result.ts";
import type { Session } from "../session.ts";
import type { Options } from "./option-list.ts";
import { missing, wholeObjectName } from "./resolve-stage.ts";
import { Scanner } from "./scanner.ts";
import type { Stage } from "./stage.ts";

/** Options of a format as written, by upper-case names. */
export type FormatOptions = readonly (readonly [name: string, value: string | readonly string[]])[];

/** How a file's bytes are packed. `AUTO` looks at its name and first bytes. */
export type Compression = "AUTO" | "NONE" | "GZIP" | "ZSTD" | "SNAPPY";

/** Delimited text. Characters are the real ones, not their escapes. */
export interface CsvFormat {
  readonly type: "CSV";
  readonly compression: Compression;
  readonly recordDelimiter: string;
  readonly fieldDelimiter: string;
  readonly fileExtension: string | null;
  readonly parseHeader: boolean;
  readonly skipHeader: number;
  readonly dateFormat: string;
  readonly timeFormat: string;
  readonly timestampFormat: string;
  readonly binaryFormat: "HEX" | "BASE64" | "UTF8";
  /** Null: NONE. */
  readonly escape: string | null;
  readonly escapeUnenclosedField: string | null;
  readonly trimSpace: boolean;
  readonly enclosedBy: string | null;
  readonly nullIf: readonly string[];
  readonly errorOnColumnCountMismatch: boolean;
  readonly emptyFieldAsNull: boolean;
}

/** JSON documents, one after the other. */
export interface JsonFormat {
  readonly type: "JSON";
  readonly compression: Compression;
  readonly fileExtension: string | null;
  readonly stripOuterArray: boolean;
  readonly stripNullValues: boolean;
  readonly dateFormat: string;
  readonly timeFormat: string;
  readonly timestampFormat: string;
  readonly binaryFormat: "HEX" | "BASE64" | "UTF8";
  readonly trimSpace: boolean;
  readonly nullIf: readonly string[];
}

/** Parquet. */
export interface ParquetFormat {
  readonly type: "PARQUET";
  readonly compression: Compression;
  readonly useLogicalType: boolean;
  readonly binaryAsText: boolean;
  readonly trimSpace: boolean;
  readonly nullIf: readonly string[];
}

/** How the files of a stage are read and written. */
export type FileFormat = CsvFormat | JsonFormat | ParquetFormat;

/** What an options list says of a format: inline options, or the name of one. */
export type FormatChoice =
  | { readonly kind: "inline"; readonly options: FormatOptions }
  | { readonly kind: "named"; readonly name: string };

/** Reads FILE_FORMAT = (…) or FILE_FORMAT = name; null where it is absent. */
export function formatChoice(options: Options): FormatChoice | null {
  const value = options.get("FILE_FORMAT");
  if (value === undefined) return null;
  if (value.kind === "options") {
    const name = value.options.get("FORMAT_NAME");
    if (name?.kind === "text" || name?.kind === "word") return { kind: "named", name: name.value };
    return { kind: "inline", options: formatOptions(value.options) };
  }
  if (value.kind === "list") return { kind: "inline", options: [] };
  return { kind: "named", name: value.value };
}

/** The options as they are kept. */
export function formatOptions(options: Options): FormatOptions {
  return [...options].map(([name, value]) => {
    if (value.kind === "list") return [name, value.values];
    if (value.kind === "options") return [name, []];
    return [name, value.value];
  });
}

/** What decides on a format: the statement before the stage, the stage before the defaults. */
export interface FormatSources {
  readonly choice: FormatChoice | null;
  readonly stage: Stage | null;
  readonly account: Pick<Account, "stages">;
  readonly session: Pick<Session, "id" | "database" | "schema">;
}

/** The format that applies. Throws SnowflakeError where it is unknown. */
export function resolveFormat({ choice, stage, account, session }: FormatSources): FileFormat {
  const ofStage = new Map(stage?.format ?? []);
  const stageName = ofStage.get("FORMAT_NAME");
  const named = (name: string): FormatOptions => findFormat(name, { account, session });
  if (choice?.kind === "named") return fileFormat(named(choice.name));
  const base = typeof stageName === "string" ? named(stageName) : (stage?.format ?? []);
  if (choice === null) return fileFormat(base);
  const inline = new Map(choice.options);
  // Another type begins anew: the stage's options are of its own type.
  const sameType =
    !inline.has("TYPE") || text(new Map(base), "TYPE", "CSV").toUpperCase() === text(inline, "TYPE", "CSV").toUpperCase();
  return fileFormat(sameType ? [...base, ...choice.options] : choice.options);
}

/** The options of a named format. Throws SnowflakeError 002003 where there is none of this name. */
export function findFormat(name: string, { account, session }: Pick<FormatSources, "account" | "session">): FormatOptions {
  const parts = new Scanner(name).identifierPath();
  const whole = wholeObjectName(parts, session);
  const format = account.stages.formats.find(whole, session.id);
  if (format === undefined) throw missing("File format", whole);
  return format.options;
}

/** Fills in Snowflake's defaults. Throws SnowflakeError for a type or compression that this server does not read. */
export function fileFormat(list: FormatOptions): FileFormat {
  const options = new Map(list);
  const type = text(options, "TYPE", "CSV").toUpperCase();
  const shared = {
    compression: compression(text(options, "COMPRESSION", "AUTO")),
    trimSpace: flag(options, "TRIM_SPACE", false),
    nullIf: texts(options, "NULL_IF", type === "CSV" ? ["\\N"] : []),
  };
  const values = {
    fileExtension: orNone(text(options, "FILE_EXTENSION", "NONE")),
    dateFormat: text(options, "DATE_FORMAT", "AUTO"),
    timeFormat: text(options, "TIME_FORMAT", "AUTO"),
    timestampFormat: text(options, "TIMESTAMP_FORMAT", "AUTO"),
    binaryFormat: binaryFormat(text(options, "BINARY_FORMAT", "HEX")),
  };
  switch (type) {
    case "CSV":
      return { type, ...shared, ...values, ...csvOptions(options) };
    case "JSON":
      return {
        type,
        ...shared,
        ...values,
        stripOuterArray: flag(options, "STRIP_OUTER_ARRAY", false),
        stripNullValues: flag(options, "STRIP_NULL_VALUES", false),
      };
    case "PARQUET":
      return {
        type,
        ...shared,
        useLogicalType: flag(options, "USE_LOGICAL_TYPE", false),
        binaryAsText: flag(options, "BINARY_AS_TEXT", true),
      };
    default:
      throw new SnowflakeError(
        "001007",
        "22023",
        `SQL compilation error:\ninvalid value [${type}] for parameter 'TYPE': this server reads CSV, JSON and PARQUET`,
      );
  }
}

function csvOptions(options: ReadonlyMap<string, string | readonly string[]>) {
  if (flag(options, "REPLACE_INVALID_CHARACTERS", false)) {
    throw new SnowflakeError(
      "000002",
      "0A000",
      "Unsupported feature 'REPLACE_INVALID_CHARACTERS': this server takes UTF-8 only.",
    );
  }
  return {
    recordDelimiter: text(options, "RECORD_DELIMITER", "\n"),
    fieldDelimiter: text(options, "FIELD_DELIMITER", ","),
    parseHeader: flag(options, "PARSE_HEADER", false),
    skipHeader: Number(text(options, "SKIP_HEADER", "0")),
    escape: orNone(text(options, "ESCAPE", "NONE")),
    escapeUnenclosedField: orNone(text(options, "ESCAPE_UNENCLOSED_FIELD", "\\")),
    enclosedBy: orNone(text(options, "FIELD_OPTIONALLY_ENCLOSED_BY", "NONE")),
    errorOnColumnCountMismatch: flag(options, "ERROR_ON_COLUMN_COUNT_MISMATCH", true),
    emptyFieldAsNull: flag(options, "EMPTY_FIELD_AS_NULL", true),
  };
}

function text(options: ReadonlyMap<string, string | readonly string[]>, name: string, otherwise: string): string {
  const value = options.get(name);
  return typeof value === "string" ? value : otherwise;
}

function texts(
  options: ReadonlyMap<string, string | readonly string[]>,
  name: string,
  otherwise: readonly string[],
): readonly string[] {
  const value = options.get(name);
  if (value === undefined) return otherwise;
  return typeof value === "string" ? [value] : value;
}

function flag(options: ReadonlyMap<string, string | readonly string[]>, name: string, otherwise: boolean): boolean {
  return text(options, name, String(otherwise)).toUpperCase() === "TRUE";
}

function orNone(value: string): string | null {
  return value.toUpperCase() === "NONE" || value === "" ? null : value;
}

function compression(value: string): Compression {
  const upper = value.toUpperCase();
  if (upper === "AUTO" || upper === "NONE" || upper === "GZIP" || upper === "ZSTD" || upper === "SNAPPY") return upper;
  throw new SnowflakeError(
    "001007",
    "22023",
    `SQL compilation error:\ninvalid value [${value}] for parameter 'COMPRESSION': this server reads AUTO, GZIP, ZSTD, SNAPPY and NONE`,
  );
}

function binaryFormat(value: string): CsvFormat["binaryFormat"] {
  const upper = value.toUpperCase().replace("UTF-8", "UTF8");
  if (upper === "HEX" || upper === "BASE64" || upper === "UTF8") return upper;
  throw new SnowflakeError("001007", "22023", `SQL compilation error:\ninvalid value [${value}] for parameter 'BINARY_FORMAT'`);
}
