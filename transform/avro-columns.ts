import { checkColumns } from "./check-columns.ts";
import type { Column } from "./column.ts";
import type { SqlProblem } from "./compiled.ts";
import { quoted } from "./duckdb-type.ts";

const widthMax = 38;
/** Types of the Avro specification without parts. */
const primitives: Readonly<Record<string, string>> = {
  boolean: "BOOLEAN",
  int: "INTEGER",
  long: "BIGINT",
  float: "FLOAT",
  double: "DOUBLE",
  bytes: "BLOB",
  string: "VARCHAR",
};
/** An instant is a TIMESTAMP WITH TIME ZONE; DuckDB has none with nanoseconds. `duration` stays the bytes it is. */
const logicalTypes: Readonly<Record<string, string>> = {
  date: "DATE",
  "time-millis": "TIME",
  "time-micros": "TIME",
  "timestamp-millis": "TIMESTAMP WITH TIME ZONE",
  "timestamp-micros": "TIMESTAMP WITH TIME ZONE",
  "timestamp-nanos": "TIMESTAMP_NS",
  "local-timestamp-millis": "TIMESTAMP",
  "local-timestamp-micros": "TIMESTAMP",
  "local-timestamp-nanos": "TIMESTAMP_NS",
  uuid: "UUID",
};

type Json = Readonly<Record<string, unknown>>;

/**
 * The columns of an Avro record schema (Avro 1.12 specification). Logical types become DuckDB's; a union with null is its other
 * branch; a union of several branches and a record inside itself become JSON, because no DuckDB type holds them.
 */
export function avroColumns(schema: string, path: string): Column[] | SqlProblem[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(schema);
  } catch {
    return [{ path, message: "the Avro schema is not valid JSON" }];
  }
  if (!isObject(parsed) || parsed["type"] !== "record" || !Array.isArray(parsed["fields"])) {
    return [{ path, message: 'the Avro schema has to be a record: {"type": "record", "name": …, "fields": […]}' }];
  }
  try {
    const fields = recordFields(parsed, new Named());
    return checkColumns(Object.fromEntries(fields), path);
  } catch (error) {
    if (error instanceof BadSchema) return [{ path, message: error.message }];
    throw error;
  }
}

class BadSchema extends Error {
  override readonly name = "BadSchema";
}

/** Named types seen so far, by full name; null while one is being read, which is how a record inside itself shows. */
class Named {
  readonly #types = new Map<string, string | null>();
  readonly #namespace: string;
  constructor(namespace = "", types?: Map<string, string | null>) {
    this.#namespace = namespace;
    if (types !== undefined) this.#types = types;
  }
  /** The scope inside the named type, and its full name. */
  enter(schema: Json): { inside: Named; fullName: string } {
    const name = text(schema["name"], "a named type has no name");
    const dot = name.lastIndexOf(".");
    const namespace =
      dot >= 0 ? name.slice(0, dot) : typeof schema["namespace"] === "string" ? schema["namespace"] : this.#namespace;
    const simple = name.slice(dot + 1);
    return { inside: new Named(namespace, this.#types), fullName: namespace === "" ? simple : `${namespace}.${simple}` };
  }
  set(fullName: string, type: string | null): void {
    this.#types.set(fullName, type);
  }
  get(name: string): string | null | undefined {
    const local = name.includes(".") || this.#namespace === "" ? undefined : this.#types.get(`${this.#namespace}.${name}`);
    return local === undefined ? this.#types.get(name) : local;
  }
}

function recordFields(schema: Json, named: Named): [string, string][] {
  const { inside, fullName } = named.enter(schema);
  named.set(fullName, null);
  const fields = schema["fields"];
  if (!Array.isArray(fields)) throw new BadSchema(`record ${fullName} has no fields`);
  return fields.map((field: unknown) => {
    if (!isObject(field)) throw new BadSchema(`record ${fullName}: a field is not an object`);
    const name = text(field["name"], `record ${fullName}: a field has no name`);
    return [name, typeOf(field["type"], inside)];
  });
}

function typeOf(schema: unknown, named: Named): string {
  if (typeof schema === "string") return nameType(schema, named);
  if (Array.isArray(schema)) return unionType(schema, named);
  if (!isObject(schema)) throw new BadSchema("a type is neither a name, nor a union, nor an object");
  const type = schema["type"];
  switch (type) {
    case "array":
      return `${typeOf(schema["items"], named)}[]`;
    case "map":
      return `MAP(VARCHAR, ${typeOf(schema["values"], named)})`;
    case "record":
    case "error": {
      const { fullName } = named.enter(schema);
      const fields = recordFields(schema, named);
      const struct =
        fields.length === 0 ? "JSON" : `STRUCT(${fields.map(([name, field]) => `${quoted(name)} ${field}`).join(", ")})`;
      named.set(fullName, struct);
      return struct;
    }
    case "enum":
    case "fixed": {
      const { fullName } = named.enter(schema);
      const plain = type === "enum" ? "VARCHAR" : (logicalType(schema) ?? "BLOB");
      named.set(fullName, plain);
      return plain;
    }
    default:
      return logicalType(schema) ?? typeOf(type, named);
  }
}

/** As the specification says, an unknown or ill-formed logical type is ignored. */
function logicalType(schema: Json): string | null {
  const logical = schema["logicalType"];
  if (typeof logical !== "string") return null;
  if (logical !== "decimal") return logicalTypes[logical] ?? null;
  const precision = Number(schema["precision"]);
  const scale = Number(schema["scale"] ?? 0);
  if (!Number.isInteger(precision) || !Number.isInteger(scale) || precision < 1 || scale < 0 || scale > precision) return null;
  if (precision > widthMax)
    throw new BadSchema(
      `decimal(${precision},${scale}) is wider than DuckDB's ${widthMax} digits: set columns and take it as VARCHAR`,
    );
  return `DECIMAL(${precision},${scale})`;
}

function nameType(name: string, named: Named): string {
  const primitive = primitives[name];
  if (primitive !== undefined) return primitive;
  if (name === "null") return "JSON";
  const known = named.get(name);
  if (known === undefined) throw new BadSchema(`type ${name} is not defined before it is used`);
  return known ?? "JSON";
}

function unionType(branches: readonly unknown[], named: Named): string {
  const types = branches.filter((branch) => branch !== "null").map((branch) => typeOf(branch, named));
  return types.length === 1 ? types[0]! : "JSON";
}

function text(value: unknown, otherwise: string): string {
  if (typeof value !== "string" || value === "") throw new BadSchema(otherwise);
  return value;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
