import { TokenCursor } from "../sql/token-cursor.ts";
import type { PropertyValue } from "./user.ts";

/** Reads what is left of a statement as `NAME = value …`: texts, numbers, words, lists and properties in parentheses. Names in upper case. Throws SnowflakeError. */
export function propertyList(cursor: TokenCursor): ReadonlyMap<string, PropertyValue> {
  const found = new Map<string, PropertyValue>();
  while (!cursor.isAtEnd) {
    cursor.accept(",");
    const name = cursor.identifier().toUpperCase();
    cursor.expect("=");
    found.set(name, propertyValue(cursor));
  }
  return found;
}

function propertyValue(cursor: TokenCursor): PropertyValue {
  if (!cursor.sees("(")) {
    const token = cursor.take();
    if (token.kind === "string" || token.kind === "quoted") return token.value;
    if (token.value === "TRUE" || token.value === "FALSE") return token.value === "TRUE";
    return token.value === "NULL" ? null : token.value;
  }
  const inner = new TokenCursor(cursor.parenthesized());
  // (TYPE = OIDC …) or ('a', 'b').
  if (inner.next?.kind === "word") return Object.fromEntries(propertyList(inner));
  const list: PropertyValue[] = [];
  while (!inner.isAtEnd) {
    list.push(inner.string());
    if (!inner.isAtEnd) inner.expect(",");
  }
  return list;
}

/** A property's value as a text; JSON where it is a list or properties. */
export function propertyText(value: PropertyValue): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
