import { nearest } from "./nearest.ts";
import type { StructuralSchema } from "./schema.ts";

/** Characters of a value that a message shows. */
const shownCharactersMax = 60;
/** Names of known fields that a message lists. */
const listedMax = 12;

/** True for an object that is no list. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A scalar for a message: cut where it is long, and without what stands before an `@`, which may be a password. */
export function shown(value: unknown): string {
  if (typeof value !== "string") return isObject(value) || Array.isArray(value) ? nameOf(value) : String(value);
  const text = JSON.stringify(value.replace(/[^\s/]+@/g, "…@"));
  return text.length <= shownCharactersMax ? text : `${text.slice(0, shownCharactersMax)}…"`;
}

/** Why a value is not of the schema's type, with the fix; null when it is. Shows scalars only where a scalar is wanted. */
export function explainType(schema: StructuralSchema, value: unknown): string | null {
  const wanted = schema.type ?? "quantity";
  if (accepts(wanted, value)) return null;
  const is = nameOf(value);
  if (wanted === "array") return `must be a list, not ${is}: put it in [ ]`;
  if (wanted === "object") {
    const fields = Object.keys(schema.properties ?? {});
    return `must be an object${fields.length === 0 ? "" : ` with ${listed(fields)}`}, not ${is}`;
  }
  if (value === null || typeof value === "object") return `must be ${words[wanted]}, not ${is}`;
  return `${shown(value)} is ${is}, must be ${words[wanted]}: ${fix(wanted, schema, value)}`;
}

type Wanted = NonNullable<StructuralSchema["type"]> | "quantity";
const words: Readonly<Record<Wanted, string>> = {
  string: "a string",
  integer: "an integer",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  quantity: "an integer or a string",
};

function accepts(wanted: Wanted, value: unknown): boolean {
  switch (wanted) {
    case "string":
    case "boolean":
    case "number":
      return typeof value === wanted;
    case "integer":
      return Number.isSafeInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "quantity":
      return typeof value === "string" || Number.isSafeInteger(value);
    default:
      return wanted satisfies never;
  }
}

function fix(wanted: Wanted, schema: StructuralSchema, value: unknown): string {
  switch (wanted) {
    case "string":
      return "write it in quotes";
    case "boolean":
      return "write true or false, without quotes";
    case "integer":
    case "number":
      if (typeof value === "number") return "write a whole number";
      return typeof value === "string" && value.trim() !== "" && accepts(wanted, Number(value))
        ? "write it without quotes"
        : "write it in digits";
    default:
      // Without rules of bytes it is any resource's amount, such as half a CPU.
      if (typeof value === "number" && schema["x-kubernetes-validations"] === undefined) return "write it in quotes";
      return "write bytes, such as 64Mi";
  }
}

/** `a string`, `an object`: what a value is. */
function nameOf(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "number":
      return "a number";
    case "boolean":
      return "a boolean";
    case "string":
      return "a string";
    default:
      return "an object";
  }
}

/** Why a value of the right type is outside the schema's bounds, with the fix; null when it is not. */
export function outOfBounds(schema: StructuralSchema, value: unknown): string | null {
  if (typeof value === "number") {
    if (value < (schema.minimum ?? -Infinity)) return `${value} is too small: at least ${schema.minimum}`;
    return value > (schema.maximum ?? Infinity) ? `${value} is too large: at most ${schema.maximum}` : null;
  }
  if (Array.isArray(value)) return outside(value.length, "items", [schema.minItems, schema.maxItems]);
  if (typeof value === "string") {
    if (schema.enum !== undefined && !schema.enum.includes(value)) {
      const meant = nearest(value, schema.enum);
      return `${shown(value)} is not one of ${schema.enum.join(", ")}${meant === undefined ? "" : `: did you mean ${meant}?`}`;
    }
    if (value === "" && schema.minLength === 1) return "must not be empty";
    return outside(Array.from(value).length, "characters", [schema.minLength, schema.maxLength]);
  }
  if (!isObject(value)) return null;
  const entries = Object.values(value).filter((member) => member !== null).length;
  return outside(entries, "entries", [schema.minProperties, schema.maxProperties]);
}

function outside(
  count: number,
  what: string,
  [min = 0, max = Infinity]: readonly [number | undefined, number | undefined],
): string | null {
  if (count < min) return `has ${count} ${what}: at least ${min}`;
  return count > max ? `has ${count} ${what}: at most ${max}` : null;
}

/** Why a field is unknown: what was meant, or what is known. */
export function explainUnknown(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  if (meant !== undefined) return `unknown field: did you mean ${meant}?`;
  return `unknown field: ${known.length === 0 ? "none is known here" : `known here are ${listed(known)}`}`;
}

/** A remark for a broken rule: `stop:` alone is null, and the API server drops nulls. */
export function explainEmpty({ properties = {} }: StructuralSchema, value: Readonly<Record<string, unknown>>): string {
  const name = Object.keys(properties).find((name) => properties[name]?.type === "object" && value[name] === null);
  return name === undefined ? "" : ` (${name} is empty, which counts as absent: write ${name}: {})`;
}

/** What a field is for: the first sentence of its description. */
export function summary({ description = "" }: StructuralSchema): string {
  return description.split(/\.(?: |$)/)[0] ?? "";
}

function listed(names: readonly string[]): string {
  return names.length <= listedMax ? names.join(", ") : `${names.slice(0, listedMax).join(", ")} …`;
}
