import { createHash } from "node:crypto";

/** JSON in which objects that are equal have the same text: members in the order of their names, those that are undefined left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => (isPlainObject(member) ? sorted(member) : member));
}

/** The first `digits` hex digits of the SHA-256 of the canonical JSON. */
export function digestOf(value: unknown, digits: number): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, digits);
}

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Most objects are in order already. */
function sorted(value: Readonly<Record<string, unknown>>): object {
  const names = Object.keys(value);
  if (names.every((name, at) => at === 0 || names[at - 1]! < name)) return value;
  return Object.fromEntries(names.toSorted().map((name) => [name, value[name]]));
}
