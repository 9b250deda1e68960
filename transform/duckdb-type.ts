/** A DuckDB type, taken apart as far as one must to compare two types or to map the types inside. */
export type DuckdbType =
  /** In DuckDB's spelling and whole: `INTEGER`, `TIMESTAMP WITH TIME ZONE`, `ENUM('a', 'b')`. */
  | { readonly kind: "plain"; readonly name: string }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "list"; readonly of: DuckdbType }
  | { readonly kind: "array"; readonly of: DuckdbType; readonly length: number }
  | { readonly kind: "map"; readonly key: DuckdbType; readonly value: DuckdbType }
  | { readonly kind: "struct" | "union"; readonly fields: readonly TypeField[] };

/** A member of a struct or union. */
export interface TypeField {
  readonly name: string;
  readonly type: DuckdbType;
}

const token = /"(?:[^"]|"")*"|'(?:[^']|'')*'|[^\s"'(),[\]]+|[(),[\]]/gu;
const fullNames = new Map([
  ["TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"],
  ["TIMETZ", "TIME WITH TIME ZONE"],
]);

/**
 * Reads a type in DuckDB's own spelling, as `DESCRIBE` and the catalog print it. What it cannot take apart (a struct without
 * field names) comes back as one plain type, so that it still equals itself.
 */
export function parseType(text: string): DuckdbType {
  const tokens = text.match(token) ?? [];
  let at = 0;
  const take = (expected?: string): string => {
    const next = tokens[at++];
    if (next === undefined || (expected !== undefined && next !== expected))
      throw new SyntaxError(`type ${text}: expected ${expected ?? "more"}`);
    return next;
  };
  const listed = <T>(item: () => T): T[] => {
    take("(");
    const items = [item()];
    while (tokens[at] === ",") {
      at++;
      items.push(item());
    }
    take(")");
    return items;
  };
  const field = (): TypeField => ({ name: unquoted(take()), type: type() });
  const plain = (first: string): DuckdbType => {
    let name = first.toUpperCase();
    while (tokens[at] !== undefined && !",()[]".includes(tokens[at]!)) name += ` ${take().toUpperCase()}`;
    if (tokens[at] === "(") name += `(${listed(take).join(", ")})`;
    return { kind: "plain", name: fullNames.get(name) ?? name };
  };
  const base = (): DuckdbType => {
    const word = take();
    const composite = tokens[at] === "(" ? word.toUpperCase() : "";
    if (composite === "STRUCT" || composite === "UNION")
      return { kind: composite === "STRUCT" ? "struct" : "union", fields: listed(field) };
    if (composite === "DECIMAL") {
      const [precision, scale = 0] = listed(take).map(Number);
      return { kind: "decimal", precision: precision!, scale };
    }
    if (composite === "MAP") {
      const [key, value] = listed(type);
      return { kind: "map", key: key!, value: value! };
    }
    return plain(word);
  };
  const type = (): DuckdbType => {
    let of = base();
    while (tokens[at] === "[") {
      at++;
      of = tokens[at] === "]" ? { kind: "list", of } : { kind: "array", of, length: Number(take()) };
      take("]");
    }
    return of;
  };
  try {
    const whole = type();
    if (at === tokens.length) return whole;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { kind: "plain", name: text };
}

/** The type as SQL; `parseType` reads it back. */
export function printType(type: DuckdbType): string {
  switch (type.kind) {
    case "plain":
      return type.name;
    case "decimal":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "list":
      return `${printType(type.of)}[]`;
    case "array":
      return `${printType(type.of)}[${type.length}]`;
    case "map":
      return `MAP(${printType(type.key)}, ${printType(type.value)})`;
    case "struct":
    case "union":
      return `${type.kind.toUpperCase()}(${type.fields.map(({ name, type }) => `${quoted(name)} ${printType(type)}`).join(", ")})`;
    default:
      return type satisfies never;
  }
}

/** The type with each plain type inside it, at any depth, replaced by `change`'s answer. */
export function mapPlain(type: DuckdbType, change: (name: string) => string): DuckdbType {
  switch (type.kind) {
    case "plain":
      return parseType(change(type.name));
    case "decimal":
      return type;
    case "list":
    case "array":
      return { ...type, of: mapPlain(type.of, change) };
    case "map":
      return { ...type, key: mapPlain(type.key, change), value: mapPlain(type.value, change) };
    case "struct":
    case "union":
      return { ...type, fields: type.fields.map((field) => ({ ...field, type: mapPlain(field.type, change) })) };
    default:
      return type satisfies never;
  }
}

/** A name as an SQL identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
