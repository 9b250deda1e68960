import { quoted } from "./duckdb-type.ts";
import { literal } from "./sql-text.ts";
import { type ScalarName, type Type, typeText } from "./type.ts";

/**
 * How a value's text becomes a declared type, in SQL that DuckDB runs on whole vectors. A value fits when DuckDB's cast of its
 * text takes it. What the cast would change or drop in silence is no fit either: an integer with a fraction, a number that
 * overflows to infinity or is written as in a program (`1_000`, `0x1F`), a date, time or timestamp with more in it than the type
 * holds. A time zone offset moves a TIMESTAMP to UTC; zones are not named. A DECIMAL is rounded to its scale, half away from
 * zero, and digits of a second beyond the type's are cut, as warehouses do when they load. BLOB is base64.
 */
export interface Check {
  /** Column or member: `customer.email`, `items[]`. */
  readonly path: string;
  /** What is wrong, following the path and the kind of value: `does not fit DECIMAL(18,2)`. */
  readonly complaint: string;
  /** SQL, true where the value is wrong; never NULL. */
  readonly bad: string;
}

/** True for types whose values arrive as JSON text and not as the bare text of a scalar. */
export function isNested(type: Type): boolean {
  return type.kind !== "scalar" && type.kind !== "decimal";
}

/** Type in which the JSON reader hands a column over: nothing that it could turn into NULL. */
export function arrivalType(type: Type): "VARCHAR" | "JSON" {
  return isNested(type) || (type.kind === "scalar" && type.name === "JSON") ? "JSON" : "VARCHAR";
}

/** SQL that gives the scalar `type` of the text `x`, NULL where it does not fit. */
export function scalarValue(type: Type, x: string): string {
  if (type.kind !== "scalar") return `TRY_CAST(${x} AS ${typeText(type)})`;
  switch (type.name) {
    case "VARCHAR":
    case "JSON":
      return x;
    case "BLOB":
      return `CASE WHEN regexp_full_match(${x}, '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?') THEN from_base64(${x}) END`;
    case "TIMESTAMP":
      return utc(x);
    case "TIMESTAMP_S":
    case "TIMESTAMP_MS":
      return secondsCut(utc(x), type.name);
    case "DATE":
      return shaped(x, dateShape, type.name);
    case "TIME":
      return shaped(x, timeShape, type.name);
    case "TIME WITH TIME ZONE":
      return shaped(x, `${timeShape}${offsetShape}?`, type.name);
    case "TIMESTAMP_NS":
    case "TIMESTAMP WITH TIME ZONE":
      return shaped(x, timestampShape, type.name);
    default:
      return `TRY_CAST(${x} AS ${type.name})`;
  }
}

const dayShape = "[0-9]{4,5}[-/][0-9]{1,2}[-/][0-9]{1,2}";
const timeShape = "[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]*)?)?";
const offsetShape = "(?:Z| UTC|[+-][0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2})?)?)";
const timestampShape = `${dayShape}(?:[T ]${timeShape}${offsetShape}?)?`;
/** A timestamp at midnight, as many programs write dates. */
const dateShape = `${dayShape}(?:[T ]00:00(?::00(?:[.]0*)?)?Z?)?`;

/**
 * The cast of the texts that have the shape; NULL for others. CASE keeps others away from the cast: it takes them and drops
 * what it does not know, and DuckDB 1.5's cast to TIMESTAMPTZ, once it met a time zone's name, reads the texts of the vector
 * that have no zone in that one.
 */
function shaped(x: string, shape: string, type: ScalarName): string {
  return `CASE WHEN regexp_full_match(${x}, '\\s*${shape}\\s*') THEN TRY_CAST(${x} AS ${type}) END`;
}

/** DuckDB 1.5's cast to TIMESTAMP drops the offset; epoch_us is NULL for infinity. */
function utc(x: string): string {
  return `make_timestamp(epoch_us(${shaped(x, timestampShape, "TIMESTAMP WITH TIME ZONE")}))`;
}

/** SQL of a timestamp as a type of whole seconds or milliseconds. DuckDB's cast alone would round. */
export function secondsCut(timestamp: string, type: "TIMESTAMP_S" | "TIMESTAMP_MS"): string {
  return `TRY_CAST(date_trunc('${type === "TIMESTAMP_S" ? "second" : "millisecond"}', ${timestamp}) AS ${type})`;
}

/** What is wrong with a value that is not of the scalar type, with the fix where it is not plain. */
export function unfit(type: Type): string {
  const complaint = `does not fit ${typeText(type)}`;
  if (type.kind !== "scalar") return complaint;
  if (type.name === "BLOB") return `${complaint}: bytes are written in base64`;
  if (type.name.startsWith("TIMESTAMP")) return `${complaint}: write ISO 8601, a time zone as an offset such as +02:00`;
  return complaint;
}

/** SQL that is true where the text `x` does not fit and `value`, made by `scalarValue`, is thus wrong; null where all texts fit. */
export function scalarBad(type: Type, x: string, value: string): string | null {
  const lost = `(${x} IS NOT NULL AND ${value} IS NULL)`;
  if (type.kind !== "scalar") return `(${lost} OR ${separated(x)})`;
  const group = groupOf(type.name);
  switch (group) {
    case "any":
      return null;
    case "integer":
      // Most texts are the ones that DuckDB itself would write; that is the cheapest to see.
      return `(${x} IS NOT NULL AND CASE WHEN ${value} IS NULL THEN true WHEN CAST(${value} AS VARCHAR) = ${x} THEN false ELSE ${noInteger(x)} END)`;
    case "float":
      return `(${lost} OR ${separated(x)} OR CASE WHEN isinf(${value}) THEN regexp_matches(${x}, '[0-9]') ELSE false END)`;
    case "finite":
      return `(${lost} OR CASE WHEN NOT isfinite(${value}) THEN true ELSE false END)`;
    case "other":
      return lost;
    default:
      return group satisfies never;
  }
}

function groupOf(name: ScalarName): "any" | "integer" | "float" | "finite" | "other" {
  switch (name) {
    case "VARCHAR":
    case "JSON":
      return "any";
    case "TINYINT":
    case "SMALLINT":
    case "INTEGER":
    case "BIGINT":
    case "HUGEINT":
    case "UTINYINT":
    case "USMALLINT":
    case "UINTEGER":
    case "UBIGINT":
    case "UHUGEINT":
      return "integer";
    case "FLOAT":
    case "DOUBLE":
      return "float";
    case "TIMESTAMP_NS":
      return "finite";
    case "BOOLEAN":
    case "BLOB":
    case "DATE":
    case "TIME":
    case "TIME WITH TIME ZONE":
    case "TIMESTAMP":
    case "TIMESTAMP_S":
    case "TIMESTAMP_MS":
    case "TIMESTAMP WITH TIME ZONE":
    case "INTERVAL":
    case "UUID":
      return "other";
    default:
      return name satisfies never;
  }
}

/** True for texts that the cast to an integer would round, and for numbers as programs write them: `0x1F`, `1_000`. */
function noInteger(x: string): string {
  const digits = `regexp_extract(${x}, '[0-9.]+')`;
  const exponent = `COALESCE(TRY_CAST(regexp_extract(${x}, '[eE](.*)', 1) AS INTEGER), 0)`;
  // All digits that are not zeros at the end have to stand before the point, moved by the exponent.
  const significant = `length(rtrim(replace(${digits}, '.', ''), '0'))`;
  return (
    `CASE WHEN regexp_full_match(${x}, '\\s*[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]{1,9})?\\s*') ` +
    `THEN ${significant} > 0 AND ${significant} > length(split_part(${digits}, '.', 1)) + ${exponent} ELSE true END`
  );
}

/** True for numbers with DuckDB's own separator of thousands: `1_000`. */
function separated(x: string): string {
  return `COALESCE(contains(${x}, '_'), false)`;
}

/** Structure for json_transform that takes any value of the right shape: all scalars as texts. */
export function textStructure(type: Type): string {
  return JSON.stringify(structure(type));
}
function structure(type: Type): unknown {
  switch (type.kind) {
    case "struct":
      return Object.fromEntries(type.fields.map((field) => [field.name, structure(field.type)]));
    case "list":
    case "array":
      return [structure(type.item)];
    case "map":
      return `MAP(VARCHAR, ${textType(type.value)})`;
    default:
      return arrivalType(type);
  }
}
/** The same as a type. */
function textType(type: Type): string {
  switch (type.kind) {
    case "struct":
      return `STRUCT(${type.fields.map((field) => `${quoted(field.name)} ${textType(field.type)}`).join(", ")})`;
    case "list":
    case "array":
      return `${textType(type.item)}[]`;
    case "map":
      return `MAP(VARCHAR, ${textType(type.value)})`;
    default:
      return arrivalType(type);
  }
}

/** SQL that gives the `type` of `v`, a value of `textStructure(type)`. Wrong only where one of `nestedChecks` is true. */
export function nestedValue(type: Type, v: string, depth = 0): string {
  const e = `e${depth}`;
  switch (type.kind) {
    case "struct": {
      const fields = type.fields.map(
        (field) => `${quoted(field.name)} := ${nestedValue(field.type, member(v, field.name), depth)}`,
      );
      return `CASE WHEN ${v} IS NULL THEN NULL ELSE struct_pack(${fields.join(", ")}) END`;
    }
    case "list":
      return isPlain(type.item) ? v : `list_transform(${v}, lambda ${e}: ${nestedValue(type.item, e, depth + 1)})`;
    case "array":
      return `TRY_CAST(${nestedValue({ kind: "list", item: type.item }, v, depth)} AS ${typeText(type)})`;
    case "map": {
      const entry = `struct_pack(k := ${member(e, "key")}, v := ${nestedValue(type.value, member(e, "value"), depth + 1)})`;
      return `CASE WHEN ${repeatsKey(v)} THEN NULL ELSE map_from_entries(list_transform(map_entries(${v}), lambda ${e}: ${entry})) END`;
    }
    default:
      return scalarValue(type, v);
  }
}

/** True for a type whose `textStructure` is the type itself. */
function isPlain(type: Type): boolean {
  switch (type.kind) {
    case "scalar":
      return type.name === "VARCHAR" || type.name === "JSON";
    case "list":
      return isPlain(type.item);
    case "struct":
      return type.fields.every((field) => isPlain(field.type));
    default:
      return false;
  }
}

/** Checks of a nested value: `v` is of `textStructure(type)`, `j` is its JSON text (as it came). */
export function nestedChecks(
  type: Type,
  { v, j, path, depth = 0 }: { v: string; j: string; path: string; depth?: number },
): Check[] {
  switch (type.kind) {
    case "struct": {
      const nested = type.fields.filter((field) => isNested(field.type));
      const texts = `json_transform(${j}, ${literal(JSON.stringify(Object.fromEntries(nested.map((field) => [field.name, "JSON"]))))})`;
      const fields = type.fields.flatMap((field) =>
        nestedChecks(field.type, {
          v: member(v, field.name),
          j: isNested(field.type) ? member(texts, field.name) : "",
          path: `${path}.${field.name}`,
          depth,
        }),
      );
      return [wrongShape(j, "{", path, "is no object"), ...fields];
    }
    case "list":
      return [
        wrongShape(j, "[", path, "is no list"),
        ...itemChecks(type.item, { items: v, texts: `json_transform(${j}, '["JSON"]')`, path: `${path}[]`, depth }),
      ];
    case "array":
      return [
        ...nestedChecks({ kind: "list", item: type.item }, { v, j, path, depth }),
        { path, complaint: `does not have ${type.size} items`, bad: `(${v} IS NOT NULL AND len(${v}) <> ${type.size})` },
      ];
    case "map":
      return [
        wrongShape(j, "{", path, "is no object"),
        { path, complaint: "names a key twice", bad: `COALESCE(${repeatsKey(v)}, false)` },
        ...itemChecks(type.value, {
          items: `map_values(${v})`,
          texts: `map_values(json_transform(${j}, '"MAP(VARCHAR, JSON)"'))`,
          path: `${path}{}`,
          depth,
        }),
      ];
    default: {
      const bad = scalarBad(type, v, scalarValue(type, v));
      return bad === null ? [] : [{ path, complaint: unfit(type), bad }];
    }
  }
}

function itemChecks(
  item: Type,
  { items, texts, path, depth }: { items: string; texts: string; path: string; depth: number },
): Check[] {
  const e = `e${depth}`;
  const anyBad = (list: string, bad: string): string => `COALESCE(len(list_filter(${list}, lambda ${e}: ${bad})) > 0, false)`;
  if (!isNested(item)) {
    return nestedChecks(item, { v: e, j: "", path, depth: depth + 1 }).map((check) => ({
      ...check,
      bad: anyBad(items, check.bad),
    }));
  }
  // Each item's text is parsed once, and its checks then look at both.
  const pairs = `list_transform(${texts}, lambda ${e}: struct_pack(j := ${e}, v := json_transform(${e}, ${literal(textStructure(item))})))`;
  return nestedChecks(item, { v: member(e, "v"), j: member(e, "j"), path, depth: depth + 1 }).map((check) => ({
    ...check,
    bad: anyBad(pairs, check.bad),
  }));
}

function wrongShape(j: string, first: "{" | "[", path: string, complaint: string): Check {
  return { path, complaint, bad: `(${j} IS NOT NULL AND NOT starts_with(${j}, '${first}'))` };
}

function repeatsKey(v: string): string {
  return `len(list_distinct(map_keys(${v}))) <> len(map_keys(${v}))`;
}

function member(v: string, name: string): string {
  return `struct_extract(${v}, ${literal(name)})`;
}
