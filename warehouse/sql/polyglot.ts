import { type DataType, Dialect, generateDataType, generate as generateSql, parse as parseSql } from "@polyglot-sql/sdk";
import { SnowflakeError } from "../result.ts";

/** A node of the library's syntax tree: an expression has one member, named after its kind. */
export type Node = { readonly [member: string]: unknown };

/** One statement's tree. Throws SnowflakeError 001003. */
export function parse(text: string): Node {
  const result = parseSql(text, Dialect.Snowflake);
  const [statement, more] = (result.ast ?? []) as readonly Node[];
  if (result.success && statement !== undefined && more === undefined && !("command" in statement)) return statement;
  const { errorLine: line, errorColumn: column } = result;
  const near = text.slice(result.errorStart ?? 0, (result.errorEnd ?? 0) + 1).trim() || text.trim().split(/\s/, 1)[0];
  throw new SnowflakeError(
    "001003",
    "42000",
    `SQL compilation error:\nsyntax error line ${line ?? 1} at position ${Math.max(0, (column ?? 1) - 1)} unexpected '${near}'.`,
  );
}

/** DuckDB's SQL of a statement or of an expression, as it stands: nothing is translated any more. */
export function generate(node: Node): string {
  const result = generateSql([node], Dialect.DuckDB);
  const sql = result.sql?.[0];
  if (!result.success || sql === undefined) throw new Error(`translation: ${result.error ?? "the library gave no SQL"}`);
  return sql;
}

/** Snowflake's text of a type in the tree. */
export function typeTextOf(dataType: unknown): string {
  const result = generateDataType(dataType as DataType, Dialect.Snowflake);
  if (!result.success || result.sql === undefined)
    throw new Error(`translation: the library gave no type for ${JSON.stringify(dataType)}`);
  return result.sql;
}

/** A piece of DuckDB's SQL as a node: it stays as it is. */
export function raw(sql: string): Node {
  return { raw: { sql } };
}

/** The kind and the members of an expression; null for what is none, such as a list or an identifier. */
export function expressionOf(value: unknown): readonly [kind: string, body: Node] | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value);
  if (entries.length !== 1) return null;
  const [kind, body] = entries[0]!;
  // WHERE and its like have one member too.
  if (members.has(kind)) return null;
  return typeof body === "object" && body !== null && !Array.isArray(body) ? [kind, body as Node] : null;
}

const members = new Set(["this", "expression", "expressions", "left", "right", "condition"]);

/** The body of an expression of that kind; null for another. */
export function bodyOf(value: unknown, kind: string): Node | null {
  const expression = expressionOf(value);
  return expression?.[0] === kind ? expression[1] : null;
}

/** The text of a string literal; null for anything else. */
export function stringOf(value: unknown): string | null {
  const literal = bodyOf(value, "literal");
  if (literal === null || !/string/.test(String(literal["literal_type"]))) return null;
  return String(literal["value"]);
}
