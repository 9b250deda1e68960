import { literal } from "../engine/physical-name.ts";
import { parseType } from "../engine/parse-type.ts";
import { castSql } from "./casts.ts";
import { contextFunctions } from "./context-functions.ts";
import { dateFunctions } from "./date-functions.ts";
import { stringOf } from "./polyglot.ts";
import type { Rewriting } from "./rewriting.ts";
import type { Template } from "./template.ts";
import { isText, isVariant, jsonPath } from "./variants.ts";

/** A call that is to be written in DuckDB's SQL. */
export interface CallToWrite {
  /** In upper case. */
  readonly name: string;
  /** The arguments as the statement has them. */
  readonly nodes: readonly unknown[];
  readonly rewriting: Rewriting;
  sqlOf(value: unknown, rewriting: Rewriting): string;
}

/** A function that only has another name. */
const named =
  (name: string): Template =>
  ({ args }) =>
    `${name}(${args.join(", ")})`;
/** A function whose arguments are texts. */
const ofTexts =
  (name: string): Template =>
  ({ args, asText }) =>
    `${name}(${args.map((_, index) => asText(index)).join(", ")})`;
const to =
  (type: string, isTry: boolean): Template =>
  ({ args, text }) => {
    const parsed = parseType(
      type === "NUMBER" ? `NUMBER(${args[text(1) === null ? 1 : 2] ?? 38}, ${args[text(1) === null ? 2 : 3] ?? 0})` : type,
    );
    return castSql(args[0]!, parsed, { isTry, isText: false, isVariant: false });
  };
const object =
  (keepNulls: boolean): Template =>
  ({ args }) => {
    if (args.length === 1 && args[0] === "*") {
      const all = "to_json(struct_pack(*COLUMNS(*)))";
      return keepNulls ? all : `json_merge_patch('{}', ${all})`;
    }
    const members: string[] = [];
    for (let at = 0; at + 1 < args.length; at += 2) {
      const value = `CAST(sf_variant(${args[at + 1]}) AS VARCHAR)`;
      members.push(
        `CAST(to_json(sf_text(${args[at]})) AS VARCHAR) || ':' || ${keepNulls ? `coalesce(${value}, 'null')` : value}`,
      );
    }
    return `CAST('{' || concat_ws(',', ${members.length === 0 ? "NULL" : members.join(", ")}) || '}' AS JSON)`;
  };
const isKind =
  (...kinds: readonly string[]): Template =>
  ({ args }) =>
    `(sf_kind(${args[0]}) IN (${kinds.map(literal).join(", ")}))`;
const as =
  (type: string, ...kinds: readonly string[]): Template =>
  ({ args }) =>
    `(CASE WHEN sf_kind(${args[0]}) IN (${kinds.map(literal).join(", ")}) THEN ${castSql(args[0]!, parseType(type), { isTry: false, isText: false, isVariant: true })} END)`;

const templates: Readonly<Record<string, Template>> = {
  ...contextFunctions,
  ...dateFunctions,
  NVL: named("coalesce"),
  IFNULL: named("coalesce"),
  NVL2: ({ args: [a, b, c] }) => `(CASE WHEN (${a}) IS NOT NULL THEN ${b} ELSE ${c} END)`,
  ZEROIFNULL: ({ args: [a] }) => `coalesce(${a}, 0)`,
  NULLIFZERO: ({ args: [a] }) => `nullif(${a}, 0)`,
  EQUAL_NULL: ({ args: [a, b] }) => `((${a}) IS NOT DISTINCT FROM (${b}))`,
  DECODE: ({ args }) => {
    const [of, ...rest] = args;
    const pairs = rest.length - (rest.length % 2);
    let sql = "CASE";
    for (let at = 0; at < pairs; at += 2) sql += ` WHEN (${of}) IS NOT DISTINCT FROM (${rest[at]}) THEN ${rest[at + 1]}`;
    return `(${sql}${rest.length > pairs ? ` ELSE ${rest.at(-1)}` : ""} END)`;
  },
  DIV0: named("sf_div0"),
  DIV0NULL: named("sf_div0null"),
  SQUARE: ({ args: [a] }) => `((${a}) * (${a}))`,
  GREATEST: ({ args }) => args.reduce((a, b) => `sf_greatest(${a}, ${b})`),
  LEAST: ({ args }) => args.reduce((a, b) => `sf_least(${a}, ${b})`),
  BITAND: ({ args: [a, b] }) => `(CAST(${a} AS HUGEINT) & CAST(${b} AS HUGEINT))`,
  BITOR: ({ args: [a, b] }) => `(CAST(${a} AS HUGEINT) | CAST(${b} AS HUGEINT))`,
  BITXOR: ({ args: [a, b] }) => `xor(CAST(${a} AS HUGEINT), CAST(${b} AS HUGEINT))`,
  BOOLAND_AGG: named("bool_and"),
  BOOLOR_AGG: named("bool_or"),
  COUNT_IF: named("count_if"),
  HASH: ({ args }) =>
    `CAST(CAST(hash(${args.length === 1 ? args[0] : `row(${args.join(", ")})`}) AS HUGEINT) - 9223372036854775808 AS DECIMAL(38, 0))`,
  UUID_STRING: () => "CAST(uuid() AS VARCHAR)",
  RANDOM: () => "CAST((random() - 0.5) * 18446744073709551614 AS BIGINT)",
  UNIFORM: ({ args: [a, b] }) => `CAST(floor((${a}) + random() * ((${b}) - (${a}) + 1)) AS BIGINT)`,
  SEQ1: () => "(row_number() OVER () - 1)",
  SEQ2: () => "(row_number() OVER () - 1)",
  SEQ4: () => "(row_number() OVER () - 1)",
  SEQ8: () => "(row_number() OVER () - 1)",

  INITCAP: ({ asText }) =>
    `array_to_string(list_transform(string_split(lower(${asText(0)}), ' '), lambda w: upper(w[1]) || w[2:]), ' ')`,
  CONTAINS: ofTexts("contains"),
  STARTSWITH: ofTexts("starts_with"),
  ENDSWITH: ofTexts("ends_with"),
  CHARINDEX: ({ asText }) => `strpos(${asText(1)}, ${asText(0)})`,
  SPLIT_PART: ({ args, asText }) => `split_part(${asText(0)}, ${asText(1)}, CAST(${args[2]} AS INTEGER))`,
  SPLIT: ({ asText }) => `to_json(string_split(${asText(0)}, ${asText(1)}))`,
  LEFT: ({ args, asText }) => `left(${asText(0)}, CAST(${args[1]} AS INTEGER))`,
  RIGHT: ({ args, asText }) => `right(${asText(0)}, CAST(${args[1]} AS INTEGER))`,
  REPEAT: ({ args, asText }) => `repeat(${asText(0)}, CAST(${args[1]} AS INTEGER))`,
  LPAD: ({ args, asText }) => `lpad(${asText(0)}, CAST(${args[1]} AS INTEGER), ${args.length > 2 ? asText(2) : "' '"})`,
  RPAD: ({ args, asText }) => `rpad(${asText(0)}, CAST(${args[1]} AS INTEGER), ${args.length > 2 ? asText(2) : "' '"})`,
  CONCAT: ({ args, asText }) => `(${args.map((_, index) => asText(index)).join(" || ")})`,
  REGEXP_LIKE: ofTexts("regexp_full_match"),
  RLIKE: ofTexts("regexp_full_match"),
  REGEXP_REPLACE: ({ args, asText }) => `regexp_replace(${asText(0)}, ${asText(1)}, ${args.length > 2 ? asText(2) : "''"}, 'g')`,
  REGEXP_SUBSTR: ({ asText }) => `nullif(regexp_extract(${asText(0)}, ${asText(1)}), '')`,
  REGEXP_COUNT: ({ asText }) => `len(regexp_extract_all(${asText(0)}, ${asText(1)}))`,
  OCTET_LENGTH: ({ args: [a] }) =>
    `(CASE WHEN typeof(${a}) = 'BLOB' THEN octet_length(CAST(CAST(${a} AS VARCHAR) AS BLOB)) ELSE strlen(sf_text(${a})) END)`,
  SHA2: ({ args, asText }) =>
    args[1] === undefined || args[1] === "256" ? `sha256(${asText(0)})` : unknownVariant("SHA2", args[1]),
  SHA2_HEX: ({ asText }) => `sha256(${asText(0)})`,
  SHA2_BINARY: ({ asText }) => `unhex(sha256(${asText(0)}))`,
  SHA1: ofTexts("sha1"),
  MD5: ofTexts("md5"),
  MD5_HEX: ofTexts("md5"),
  HEX_ENCODE: ({ args: [a] }) => `(CASE WHEN typeof(${a}) = 'BLOB' THEN sf_text(${a}) ELSE hex(sf_text(${a})) END)`,
  HEX_DECODE_STRING: ({ asText }) => `decode(unhex(${asText(0)}))`,
  HEX_DECODE_BINARY: ({ asText }) => `unhex(${asText(0)})`,
  BASE64_ENCODE: ({ args: [a] }) =>
    `to_base64(CASE WHEN typeof(${a}) = 'BLOB' THEN CAST(CAST(${a} AS VARCHAR) AS BLOB) ELSE encode(sf_text(${a})) END)`,
  BASE64_DECODE_STRING: ({ asText }) => `decode(from_base64(${asText(0)}))`,
  BASE64_DECODE_BINARY: ({ asText }) => `from_base64(${asText(0)})`,

  TO_BINARY: ({ args, text, asText }) => binary(args[0]!, asText(0), text(1)),
  TRY_TO_BINARY: ({ args }) => `sf_try_binary(${args[0]})`,
  TO_NUMBER: to("NUMBER", false),
  TO_DECIMAL: to("NUMBER", false),
  TO_NUMERIC: to("NUMBER", false),
  TRY_TO_NUMBER: to("NUMBER", true),
  TRY_TO_DECIMAL: to("NUMBER", true),
  TRY_TO_NUMERIC: to("NUMBER", true),
  TO_DOUBLE: to("FLOAT", false),
  TRY_TO_DOUBLE: to("FLOAT", true),
  TO_BOOLEAN: to("BOOLEAN", false),
  TRY_TO_BOOLEAN: to("BOOLEAN", true),
  TO_VARIANT: to("VARIANT", false),
  TO_OBJECT: to("OBJECT", false),
  TO_ARRAY: to("ARRAY", false),

  PARSE_JSON: ({ asText }) => `json(nullif(trim(${asText(0)}), ''))`,
  TRY_PARSE_JSON: ({ asText }) => `sf_try_json(${asText(0)})`,
  CHECK_JSON: ({ asText }) => `(CASE WHEN NOT json_valid(${asText(0)}) THEN 'it is no valid JSON' END)`,
  TO_JSON: ({ args }) => `CAST(sf_variant(${args[0]}) AS VARCHAR)`,
  STRIP_NULL_VALUE: ({ args: [a] }) => `(CASE WHEN json_type(${a}) <> 'NULL' THEN ${a} END)`,
  TYPEOF: ({ args: [a] }) => `sf_kind(sf_variant(${a}))`,
  GET_PATH: ({ args, text }) => `json_extract(${args[0]}, ${text(1) === null ? `'$.' || ${args[1]}` : jsonPath(text(1)!)})`,
  GET: ({ args, text }) =>
    text(1) === null
      ? `json_extract(${args[0]}, CASE WHEN typeof(${args[1]}) = 'VARCHAR' THEN '$."' || ${args[1]} || '"' ELSE '$[' || ${args[1]} || ']' END)`
      : `json_extract(${args[0]}, ${literal(`$."${text(1)}"`)})`,
  OBJECT_CONSTRUCT: object(false),
  OBJECT_CONSTRUCT_KEEP_NULL: object(true),
  OBJECT_AGG: ({ args: [k, v] }) => `json_group_object(sf_text(${k}), sf_variant(${v}))`,
  OBJECT_KEYS: ({ args: [a] }) => `to_json(json_keys(${a}))`,
  ARRAY_CONSTRUCT: ({ args }) =>
    `CAST('[' || concat_ws(',', ${args.map((a) => `coalesce(CAST(sf_variant(${a}) AS VARCHAR), 'null')`).join(", ") || "NULL"}) || ']' AS JSON)`,
  OBJECT_INSERT: ({ args: [o, k, v] }) => `json_merge_patch(${o}, json_object(sf_text(${k}), sf_variant(${v})))`,
  OBJECT_DELETE: ({ args: [o, ...keys] }) =>
    keys.reduce((of, key) => `json_merge_patch(${of}, json_object(sf_text(${key}), NULL))`, o!),
  ARRAY_CAT: ({ args: [a, b] }) => `to_json(list_concat(CAST(${a} AS JSON[]), CAST(${b} AS JSON[])))`,
  ARRAY_APPEND: ({ args: [a, b] }) => `to_json(list_append(CAST(${a} AS JSON[]), sf_variant(${b})))`,
  ARRAY_DISTINCT: ({ args: [a] }) => `to_json(list_distinct(CAST(${a} AS JSON[])))`,
  ARRAY_SIZE: ({ args }) => `sf_array_size(sf_variant(${args[0]}))`,
  ARRAY_CONTAINS: ({ args: [a, b] }) => `json_contains(${b}, sf_variant(${a}))`,
  ARRAY_TO_STRING: ({ args: [a], asText }) => `array_to_string(CAST(${a} AS VARCHAR[]), ${asText(1)})`,
  IS_NULL_VALUE: isKind("NULL_VALUE"),
  IS_OBJECT: isKind("OBJECT"),
  IS_ARRAY: isKind("ARRAY"),
  IS_VARCHAR: isKind("VARCHAR"),
  IS_CHAR: isKind("VARCHAR"),
  IS_BOOLEAN: isKind("BOOLEAN"),
  IS_INTEGER: isKind("INTEGER"),
  IS_DECIMAL: isKind("INTEGER", "DECIMAL"),
  IS_DOUBLE: isKind("INTEGER", "DECIMAL"),
  AS_VARCHAR: as("VARCHAR", "VARCHAR"),
  AS_CHAR: as("VARCHAR", "VARCHAR"),
  AS_BOOLEAN: as("BOOLEAN", "BOOLEAN"),
  AS_INTEGER: as("NUMBER(38, 0)", "INTEGER"),
  AS_NUMBER: as("NUMBER(38, 0)", "INTEGER", "DECIMAL"),
  AS_DOUBLE: as("FLOAT", "INTEGER", "DECIMAL"),
  LISTAGG: ({ args, asText }) => `coalesce(string_agg(${asText(0)}, ${args.length > 1 ? args[1] : "''"}), '')`,
  SYSTEM$TYPEOF: ({ args }) => `typeof(${args[0]})`,
};

/** True for a function of Snowflake's that is written otherwise in DuckDB's SQL. */
export function isKnownFunction(name: string): boolean {
  return Object.hasOwn(templates, name);
}

/** The call in DuckDB's SQL; null where DuckDB has the function as it is. */
export function functionSql({ name, nodes, rewriting, sqlOf }: CallToWrite): string | null {
  const template = templates[name];
  if (template === undefined) return null;
  const args = nodes.map((node) => sqlOf(node, rewriting));
  return template({
    args,
    nodes,
    rewriting,
    text: (index) => stringOf(nodes[index]),
    asText: (index) => {
      const node = nodes[index];
      const sql = args[index] ?? "NULL";
      if (isVariant(node, rewriting)) return `json_extract_string(${sql}, '$')`;
      return isText(node, rewriting) ? sql : `sf_text(${sql})`;
    },
  });
}

function binary(of: string, text: string, format: string | null): string {
  switch ((format ?? "HEX").toUpperCase().replace("-", "")) {
    case "UTF8":
      return `encode(${text})`;
    case "BASE64":
      return `from_base64(${text})`;
    default:
      return `sf_binary(${of})`;
  }
}

function unknownVariant(name: string, argument: string): never {
  throw new Error(`${name}(…, ${argument}) is not supported here`);
}
