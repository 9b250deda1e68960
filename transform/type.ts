import { quoted } from "./duckdb-type.ts";
import { literal, sameName } from "./sql-text.ts";
import { nearest } from "../crds/nearest.ts";

/** A declared type, as a tree. `typeText` gives it back in DuckDB's spelling. */
export type Type =
  | { readonly kind: "scalar"; readonly name: ScalarName }
  | { readonly kind: "decimal"; readonly width: number; readonly scale: number }
  | { readonly kind: "list"; readonly item: Type }
  | { readonly kind: "array"; readonly item: Type; readonly size: number }
  | { readonly kind: "map"; readonly value: Type }
  | { readonly kind: "struct"; readonly fields: readonly Field[] };
/** A member of a struct. */
export interface Field {
  readonly name: string;
  readonly type: Type;
}

/** Types without parts, in DuckDB's spelling, with the other names DuckDB knows them by. */
const scalarNames = {
  BOOLEAN: ["BOOL", "LOGICAL"],
  TINYINT: ["INT1"],
  SMALLINT: ["INT2", "SHORT", "INT16"],
  INTEGER: ["INT", "INT4", "SIGNED", "INT32", "INTEGRAL"],
  BIGINT: ["INT8", "LONG", "INT64"],
  HUGEINT: ["INT128"],
  UTINYINT: ["UINT8"],
  USMALLINT: ["UINT16"],
  UINTEGER: ["UINT32"],
  UBIGINT: ["UINT64"],
  UHUGEINT: ["UINT128"],
  FLOAT: ["REAL", "FLOAT4"],
  DOUBLE: ["FLOAT8", "DOUBLE PRECISION"],
  VARCHAR: ["TEXT", "STRING", "CHAR", "BPCHAR", "NVARCHAR"],
  BLOB: ["BYTEA", "BINARY", "VARBINARY", "BYTES"],
  DATE: [],
  TIME: ["TIME WITHOUT TIME ZONE"],
  "TIME WITH TIME ZONE": ["TIMETZ"],
  TIMESTAMP: ["DATETIME", "TIMESTAMP_US", "TIMESTAMP WITHOUT TIME ZONE"],
  TIMESTAMP_S: [],
  TIMESTAMP_MS: [],
  TIMESTAMP_NS: [],
  "TIMESTAMP WITH TIME ZONE": ["TIMESTAMPTZ"],
  INTERVAL: [],
  UUID: ["GUID"],
  JSON: [],
} as const satisfies Record<string, readonly string[]>;
/** A type without parts, in DuckDB's spelling. */
export type ScalarName = keyof typeof scalarNames;

const widthMax = 38;
/** DuckDB's own. */
const arraySizeMax = 100_000;
/** Deeper than any record is; it keeps a hostile text from exhausting the stack. */
const depthMax = 64;

class Mismatch extends Error {
  override readonly name = "Mismatch";
}

/** Reads a type as it stands in a manifest. A string is what is wrong with it, in a sentence with the fix. */
export function parseType(text: string): Type | string {
  try {
    return new TypeReader(text).whole();
  } catch (error) {
    if (error instanceof Mismatch) return error.message;
    throw error;
  }
}

class TypeReader {
  readonly #tokens: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = text.match(/"(?:[^"]|"")*"|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|\S/gu) ?? [];
  }

  whole(): Type {
    const type = this.#type();
    if (this.#at < this.#tokens.length) throw new Mismatch(`"${this.#tokens[this.#at]}" stands after its end`);
    return type;
  }

  #peek(): string {
    return this.#tokens[this.#at]?.toUpperCase() ?? "";
  }

  #take(token: string): boolean {
    const stands = this.#peek() === token;
    if (stands) this.#at++;
    return stands;
  }

  #expect(wanted: string, stands: boolean): void {
    if (!stands) throw new Mismatch(`${this.#found()} where ${wanted} is expected`);
  }

  #found(): string {
    return this.#at < this.#tokens.length ? `"${this.#tokens[this.#at]}" stands` : "it ends";
  }

  #number(what: string): number {
    this.#expect(what, /^[0-9]+$/.test(this.#peek()));
    return Number(this.#tokens[this.#at++]);
  }

  #type(): Type {
    if (++this.#depth > depthMax) throw new Mismatch(`it is nested more than ${depthMax} deep`);
    let type = this.#base();
    while (this.#take("[")) {
      if (this.#peek() === "]") {
        type = { kind: "list", item: type };
      } else {
        const size = this.#number("the size of an array");
        if (size < 1 || size > arraySizeMax) throw new Mismatch(`the size of an array has to be from 1 to ${arraySizeMax}`);
        type = { kind: "array", item: type, size };
      }
      this.#expect('"]"', this.#take("]"));
    }
    this.#depth--;
    return type;
  }

  #base(): Type {
    const word = this.#peek();
    this.#expect("a type", /^[A-Z_]/.test(word));
    this.#at++;
    if (word === "STRUCT" || word === "ROW") return this.#struct();
    if (word === "MAP") return this.#map();
    if (word === "DECIMAL" || word === "NUMERIC" || word === "DEC") return this.#decimal();
    return this.#scalar(word);
  }

  #struct(): Type {
    const fields: Field[] = [];
    this.#expect('"("', this.#take("("));
    do {
      const token = this.#tokens[this.#at] ?? "";
      this.#expect("a field's name", /^["A-Za-z_]/.test(token));
      this.#at++;
      const name = token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : token;
      if (fields.some((field) => sameName(field.name, name))) throw new Mismatch(`STRUCT names the field "${name}" twice`);
      fields.push({ name, type: this.#type() });
    } while (this.#take(","));
    this.#expect('")"', this.#take(")"));
    return { kind: "struct", fields };
  }

  #map(): Type {
    this.#expect('"("', this.#take("("));
    const key = this.#type();
    if (key.kind !== "scalar" || key.name !== "VARCHAR") {
      throw new Mismatch("the keys of a record's map are texts: use MAP(VARCHAR, …) and cast in the SQL");
    }
    this.#expect('","', this.#take(","));
    const value = this.#type();
    this.#expect('")"', this.#take(")"));
    return { kind: "map", value };
  }

  #decimal(): Type {
    // DuckDB's own defaults.
    let [width, scale] = [18, 3];
    if (this.#take("(")) {
      width = this.#number("the width of a DECIMAL");
      scale = this.#take(",") ? this.#number("the scale of a DECIMAL") : 0;
      this.#expect('")"', this.#take(")"));
    }
    if (width < 1 || width > widthMax || scale > width) {
      throw new Mismatch(`DECIMAL(width,scale) wants a width from 1 to ${widthMax} and a scale up to the width`);
    }
    return { kind: "decimal", width, scale };
  }

  #scalar(word: string): Type {
    let name = word;
    const rest = this.#tokens
      .slice(this.#at, this.#at + 3)
      .join(" ")
      .toUpperCase();
    if (/^(WITH|WITHOUT) TIME ZONE$/.test(rest)) {
      name = `${word} ${rest}`;
      this.#at += 3;
    } else if (word === "DOUBLE") {
      this.#take("PRECISION");
    }
    for (const [canonical, others] of Object.entries<readonly string[]>(scalarNames)) {
      if (canonical !== name && !others.includes(name)) continue;
      if (canonical === "VARCHAR" && this.#take("(")) {
        this.#number("the length of a VARCHAR");
        this.#expect('")"', this.#take(")"));
      }
      return { kind: "scalar", name: canonical as ScalarName };
    }
    throw new Mismatch(unknown(name));
  }
}

function unknown(name: string): string {
  if (name === "ENUM" || name === "UNION" || name === "VARIANT")
    return `${name} is no type a record can arrive in: use VARCHAR or JSON and cast in the SQL`;
  const known = [
    ...Object.entries(scalarNames).flatMap(([canonical, others]) => [canonical, ...others]),
    "DECIMAL",
    "NUMERIC",
    "STRUCT",
    "MAP",
  ];
  const guess = nearest(name, known);
  return `there is no type ${name}${guess === undefined ? `. Types are ${Object.keys(scalarNames).join(", ")}, DECIMAL(width,scale), STRUCT(name TYPE, …), MAP(VARCHAR, TYPE) and TYPE[]` : `; did you mean ${guess}?`}`;
}

/** The type in DuckDB's spelling, field names quoted where they need it. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case "scalar":
      return type.name;
    case "decimal":
      return `DECIMAL(${type.width},${type.scale})`;
    case "list":
      return `${typeText(type.item)}[]`;
    case "array":
      return `${typeText(type.item)}[${type.size}]`;
    case "map":
      return `MAP(VARCHAR, ${typeText(type.value)})`;
    case "struct":
      return `STRUCT(${type.fields.map((field) => `${quoted(field.name)} ${typeText(field.type)}`).join(", ")})`;
    default:
      return type satisfies never;
  }
}

/** The type of a column whose text was checked when it was declared. */
export function declaredType(text: string): Type {
  const type = parseType(text);
  if (typeof type === "string") throw new Error(`type ${literal(text)}: ${type}`);
  return type;
}
