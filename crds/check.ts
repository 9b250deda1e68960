import { explainEmpty, explainType, explainUnknown, isObject, outOfBounds, shown, summary } from "./explain.ts";
import { nearest } from "./nearest.ts";
import { type Path, pathText } from "./path.ts";
import { evaluate } from "./rule.ts";
import type { StructuralSchema } from "./schema.ts";

/** What is wrong with a field: `${path}: ${message}` says it, with the value and the fix. */
export interface Problem {
  /** `spec.source.kafka.topics[0]`; `parsePath` reads it. */
  readonly path: string;
  readonly message: string;
}

/** A value with its defaults, and all that is wrong with it. */
export interface Checked {
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/**
 * Checks a value as the API server does with strict field validation: nulls count as absent, defaults are filled in, unknown
 * fields are refused, and a rule is evaluated where its object is there. Unlike the API server it tells everything at once.
 * `value` stays as it was.
 */
export function check(schema: StructuralSchema, value: unknown, path: Path): Checked {
  const problems: Problem[] = [];
  return { value: checkValue(schema, value, { path, problems }), problems };
}

/** Where the check is, and what it has found so far. */
interface At {
  readonly path: Path;
  readonly problems: Problem[];
}
const inside = ({ path, problems }: At, step: string | number): At => ({ path: [...path, step], problems });
const report = ({ path, problems }: At, message: string): void => {
  problems.push({ path: pathText(path), message });
};

function checkValue(schema: StructuralSchema, value: unknown, at: At): unknown {
  const wrong = explainType(schema, value);
  if (wrong !== null) {
    report(at, wrong);
    return value;
  }
  const before = at.problems.length;
  const bounds = outOfBounds(schema, value);
  if (bounds !== null) report(at, bounds);
  const defaulted = checkParts(schema, value, at);
  const broken = at.problems.length > before;
  if (!broken || !isObject(value) || !misspelt(schema, value)) checkRules(schema, { given: value, defaulted, broken }, at);
  return defaulted;
}

function checkParts(schema: StructuralSchema, value: unknown, at: At): unknown {
  if (Array.isArray(value)) return checkList(schema, value, at);
  if (!isObject(value) || schema["x-kubernetes-preserve-unknown-fields"] === true) return value;
  return schema.properties === undefined ? checkMap(schema, value, at) : checkFields(schema, value, at);
}

function checkFields(schema: StructuralSchema, value: Readonly<Record<string, unknown>>, at: At): unknown {
  const properties = schema.properties ?? {};
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(properties, name)) report(inside(at, name), explainUnknown(name, Object.keys(properties)));
  }
  const fields = Object.entries(properties).flatMap(([name, property]): [string, unknown][] => {
    const empty = Object.hasOwn(value, name) && value[name] === null;
    const field = !Object.hasOwn(value, name) || empty ? structuredClone(property.default) : value[name];
    if (field !== undefined) return [[name, checkValue(property, field, inside(at, name))]];
    if (schema.required?.includes(name) === true)
      report(inside(at, name), `is ${empty ? "empty, but " : ""}required: ${summary(property)}`);
    return [];
  });
  return Object.fromEntries(fields);
}

function checkMap(schema: StructuralSchema, value: Readonly<Record<string, unknown>>, at: At): unknown {
  const given = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(
    given.map(([name, member]) => [name, checkValue(schema.additionalProperties!, member, inside(at, name))]),
  );
}

function checkList(schema: StructuralSchema, value: readonly unknown[], at: At): unknown {
  if (schema["x-kubernetes-list-type"] === "set") {
    for (const [index, item] of value.entries()) {
      if (value.indexOf(item) < index) report(inside(at, index), `${shown(item)} is there twice: remove one`);
    }
  }
  return value.map((item, index) => checkValue(schema.items!, item, inside(at, index)));
}

/** A misspelt field breaks rules such as "exactly one of" as well: the slip alone is what to mend. */
function misspelt({ properties = {} }: StructuralSchema, value: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(properties);
  return Object.keys(value).some((name) => !names.includes(name) && nearest(name, names) !== undefined);
}

interface Subject {
  readonly given: unknown;
  readonly defaulted: unknown;
  /** Something inside is wrong already, which may be why a rule cannot be evaluated. */
  readonly broken: boolean;
}

function checkRules(schema: StructuralSchema, { given, defaulted, broken }: Subject, at: At): void {
  for (const rule of schema["x-kubernetes-validations"] ?? []) {
    const holds = evaluate(rule, schema, defaulted);
    if (holds === true || (holds === "error" && broken)) continue;
    report(at, isObject(given) ? `${rule.message}${explainEmpty(schema, given)}` : `${shown(given)} ${rule.message}`);
  }
}
