import type { DuckdbType, TypeField } from "../../../transform/duckdb-type.ts";

/** How the SQL's values meet a column that is there. */
export type Fit =
  /** Every value survives the cast or makes the cast fail, so that its record is rejected. Nothing is lost in silence. */
  | { readonly kind: "fits" }
  /** The column is too narrow; `wider` takes both. `loses`: the cast would drop digits or fields without an error. */
  | { readonly kind: "narrow"; readonly wider: DuckdbType; readonly loses: boolean }
  /** Another family: only the owner can say what is meant, with a CAST. */
  | { readonly kind: "refused" };

const fits: Fit = { kind: "fits" };
const refused: Fit = { kind: "refused" };
const narrow = (wider: DuckdbType, loses: boolean): Fit => ({ kind: "narrow", wider, loses });

/** Judges a table column's type against the SQL's. Pure. Conservative: what is not known to be safe is refused. */
export function fit(table: DuckdbType, sql: DuckdbType): Fit {
  if (JSON.stringify(table) === JSON.stringify(sql)) return fits;
  if (table.kind === "plain" && sql.kind === "plain") return fitPlain(table.name, sql.name);
  if (table.kind === "decimal" || sql.kind === "decimal") return fitDecimal(table, sql);
  if (table.kind === "list" && (sql.kind === "list" || sql.kind === "array")) {
    return assembled([fit(table.of, sql.of)], ([of]) => ({ kind: "list", of: of ?? table.of }));
  }
  if (table.kind === "array" && sql.kind === "array" && table.length === sql.length) {
    return assembled([fit(table.of, sql.of)], ([of]) => ({ ...table, of: of ?? table.of }));
  }
  if (table.kind === "map" && sql.kind === "map") {
    return assembled([fit(table.key, sql.key), fit(table.value, sql.value)], ([key, value]) => ({
      kind: "map",
      key: key ?? table.key,
      value: value ?? table.value,
    }));
  }
  if (table.kind === "struct" && sql.kind === "struct") return fitStruct(table.fields, sql.fields);
  return refused;
}

function fitStruct(table: readonly TypeField[], sql: readonly TypeField[]): Fit {
  const find = (fields: readonly TypeField[], name: string) =>
    fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
  const parts = table.map((field) => {
    const same = find(sql, field.name);
    return same === undefined ? fits : fit(field.type, same.type);
  });
  const added = sql.filter((field) => find(table, field.name) === undefined);
  const whole = (wider: readonly (DuckdbType | null)[]): DuckdbType => ({
    kind: "struct",
    fields: [...table.map((field, at) => ({ ...field, type: wider[at] ?? field.type })), ...added],
  });
  const known = assembled(parts, whole);
  if (added.length === 0 || known.kind === "refused") return known;
  return narrow(known.kind === "narrow" ? known.wider : whole([]), true);
}

/** One answer for the parts of a nested type; `whole` gets each part's wider type, or null where it stays. */
function assembled(parts: readonly Fit[], whole: (wider: readonly (DuckdbType | null)[]) => DuckdbType): Fit {
  if (parts.some((part) => part.kind === "refused")) return refused;
  if (parts.every((part) => part.kind === "fits")) return fits;
  return narrow(
    whole(parts.map((part) => (part.kind === "narrow" ? part.wider : null))),
    parts.some((part) => part.kind === "narrow" && part.loses),
  );
}

interface Integer {
  readonly name: string;
  readonly min: bigint;
  readonly max: bigint;
}
/** From narrow to wide. */
const integers: readonly Integer[] = [
  { name: "TINYINT", min: -(2n ** 7n), max: 2n ** 7n - 1n },
  { name: "UTINYINT", min: 0n, max: 2n ** 8n - 1n },
  { name: "SMALLINT", min: -(2n ** 15n), max: 2n ** 15n - 1n },
  { name: "USMALLINT", min: 0n, max: 2n ** 16n - 1n },
  { name: "INTEGER", min: -(2n ** 31n), max: 2n ** 31n - 1n },
  { name: "UINTEGER", min: 0n, max: 2n ** 32n - 1n },
  { name: "BIGINT", min: -(2n ** 63n), max: 2n ** 63n - 1n },
  { name: "UBIGINT", min: 0n, max: 2n ** 64n - 1n },
  { name: "HUGEINT", min: -(2n ** 127n), max: 2n ** 127n - 1n },
  { name: "UHUGEINT", min: 0n, max: 2n ** 128n - 1n },
];
const integerNamed = (name: string) => integers.find((integer) => integer.name === name);
const integerHolding = (min: bigint, max: bigint) => integers.find((integer) => integer.min <= min && integer.max >= max);
const plain = (name: string): DuckdbType => ({ kind: "plain", name });

/** Without a zone, from coarse to fine. TIMESTAMP_NS stands apart: it is finer, but its years end in 2262. */
const timestamps = ["DATE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP"];
const mantissa: Readonly<Record<string, bigint>> = { FLOAT: 2n ** 24n, DOUBLE: 2n ** 53n };
const isText = (name: string) => name === "VARCHAR" || name === "JSON" || name === "UUID" || name.startsWith("ENUM(");

function fitPlain(table: string, sql: string): Fit {
  const [to, from] = [integerNamed(table), integerNamed(sql)];
  if (to !== undefined && from !== undefined) return fitInteger(to, from);
  const exact = mantissa[table];
  if (exact !== undefined && from !== undefined) return from.max <= exact ? fits : refused;
  if (table === "DOUBLE" && sql === "FLOAT") return fits;
  if (table === "FLOAT" && sql === "DOUBLE") return narrow(plain("DOUBLE"), true);
  const [fine, coarse] = [timestamps.indexOf(table), timestamps.indexOf(sql)];
  if (fine >= 0 && coarse >= 0) {
    if (fine >= coarse) return fits;
    return table === "DATE" ? refused : narrow(plain(sql), true);
  }
  if (table === "TIMESTAMP_NS" && coarse >= 0) return fits;
  if (table === "TIME_NS" && sql === "TIME") return fits;
  if (table === "TIME" && sql === "TIME_NS") return narrow(plain("TIME_NS"), true);
  // Text into JSON, UUID or an ENUM fails where it is none; back into VARCHAR nothing is lost.
  if (
    isText(table) &&
    isText(sql) &&
    (table === "VARCHAR" || sql === "VARCHAR" || (table.startsWith("ENUM(") && sql.startsWith("ENUM(")))
  )
    return fits;
  return refused;
}

function fitInteger(table: Integer, sql: Integer): Fit {
  const min = table.min < sql.min ? table.min : sql.min;
  const max = table.max > sql.max ? table.max : sql.max;
  const wider = integerHolding(min, max);
  return wider === undefined || wider === table ? fits : narrow(plain(wider.name), false);
}

const decimalDigitsMax = 38;

/** At least one side is DECIMAL. Integers and decimals mix only where the table's column already is what it will stay. */
function fitDecimal(table: DuckdbType, sql: DuckdbType): Fit {
  if (table.kind === "decimal") {
    const from = digitsOf(sql);
    if (from === null) return refused;
    const whole = Math.max(table.precision - table.scale, from.whole);
    const scale = Math.max(table.scale, from.scale);
    const loses = scale > table.scale;
    if (loses && whole + scale > decimalDigitsMax) return refused;
    const precision = Math.min(whole + scale, decimalDigitsMax);
    return precision === table.precision && !loses ? fits : narrow({ kind: "decimal", precision, scale }, loses);
  }
  const to = table.kind === "plain" ? integerNamed(table.name) : undefined;
  if (to === undefined || sql.kind !== "decimal" || sql.scale > 0) return refused;
  const most = 10n ** BigInt(sql.precision) - 1n;
  const wider = integerHolding(to.min < -most ? to.min : -most, to.max > most ? to.max : most);
  return wider === undefined || wider === to ? fits : narrow(plain(wider.name), false);
}

/** Digits before and after the point that a value of the type can have; null where it is no exact number. */
function digitsOf(type: DuckdbType): { readonly whole: number; readonly scale: number } | null {
  if (type.kind === "decimal") return { whole: type.precision - type.scale, scale: type.scale };
  const integer = type.kind === "plain" ? integerNamed(type.name) : undefined;
  return integer === undefined ? null : { whole: String(integer.max).length, scale: 0 };
}
