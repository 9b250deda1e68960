import { parse } from "@marcbachmann/cel-js";
import { describe, expect, test } from "vitest";
import { check } from "../../crds/check.ts";
import { customResourceDefinition } from "../../crds/custom-resource-definition.ts";
import { kinds } from "../../crds/kinds/kinds.ts";
import type { StructuralSchema } from "../../crds/schema.ts";

/** All that the API server may find in our schemas; `anyOf`, `$ref`, `pattern` … are not among it. */
const keywords = new Set([
  ..."type description default enum format minLength maxLength minimum maximum minItems maxItems minProperties maxProperties".split(
    " ",
  ),
  ..."items properties additionalProperties required x-kubernetes-int-or-string x-kubernetes-preserve-unknown-fields x-kubernetes-list-type".split(
    " ",
  ),
  ..."x-kubernetes-list-map-keys x-kubernetes-validations".split(" "),
]);

/** Kubernetes' rules for structural schemas, defaults and the costs of CEL rules, as far as our builders could break them. */
function violations(schema: StructuralSchema, path: string, repeatedWithoutBound = false): readonly string[] {
  const { type, properties = {}, additionalProperties, items, required = [], default: value } = schema;
  const rules = schema["x-kubernetes-validations"] ?? [];
  const listType = schema["x-kubernetes-list-type"];
  const intOrString = schema["x-kubernetes-int-or-string"] === true;
  const found = (wrong: boolean, what: string): readonly string[] => (wrong ? [`${path}: ${what}`] : []);
  const unbounded =
    repeatedWithoutBound ||
    (items !== undefined && schema.maxItems === undefined) ||
    (additionalProperties !== undefined && schema.maxProperties === undefined);
  return [
    ...Object.keys(schema).flatMap((keyword) => found(!keywords.has(keyword), `the keyword ${keyword} is not structural`)),
    ...found((type === undefined) !== intOrString, "has no type"),
    ...found(type === "array" && items === undefined, "has no items"),
    ...found(
      schema.properties !== undefined && additionalProperties !== undefined,
      "has both properties and additionalProperties",
    ),
    ...required.flatMap((name) => found(properties[name] === undefined, `requires ${name}, which it has not`)),
    ...required.flatMap((name) => found(properties[name]?.default !== undefined, `requires ${name}, which has a default`)),
    ...(value === undefined
      ? []
      : check(schema, value, []).problems.flatMap(({ message }) => found(true, `its default is wrong: ${message}`))),
    ...found(listType === "set" && items?.type === "object", "is a set of objects"),
    ...(schema["x-kubernetes-list-map-keys"] ?? []).flatMap((key) =>
      found(items?.required?.includes(key) !== true, `its key ${key} is not required`),
    ),
    ...rules.flatMap(({ rule }) => [
      ...found(repeatedWithoutBound, `a rule is evaluated without bound: ${rule}`),
      ...found(
        (type === "string" || intOrString) && schema.maxLength === undefined,
        `a rule reads a string without maxLength: ${rule}`,
      ),
      ...found(!parses(rule), `a rule is no CEL: ${rule}`),
      ...unknownFields(rule, schema).flatMap((name) => found(true, `a rule reads ${name}, which is unknown: ${rule}`)),
    ]),
    ...Object.entries(properties).flatMap(([name, property]) => violations(property, `${path}.${name}`, unbounded)),
    ...[items, additionalProperties].flatMap((inner) => (inner === undefined ? [] : violations(inner, `${path}[]`, unbounded))),
  ];
}

function parses(rule: string): boolean {
  try {
    parse(rule);
    return true;
  } catch {
    return false;
  }
}

/** `self.a.b` of a rule, where the schema has no such field. */
function unknownFields(rule: string, schema: StructuralSchema): readonly string[] {
  return [...rule.matchAll(/\bself((?:\.\w+)+)\b(?!\()/g)].flatMap(([text, fields = ""]) => {
    let inside: StructuralSchema | undefined = schema;
    for (const name of fields.slice(1).split(".")) inside = inside?.properties?.[name];
    return inside === undefined ? [text] : [];
  });
}

describe("the API server takes the definition", () => {
  test.each(kinds)("of $kind", (kind) => {
    const [version] = customResourceDefinition(kind).spec.versions;
    const { metadata, ...rest } = version.schema.openAPIV3Schema.properties ?? {};
    expect(Object.values(rest).flatMap((schema) => violations(schema, kind.kind))).toEqual([]);
    // Of metadata a definition may restrict only the name.
    expect(Object.keys(metadata ?? {})).toEqual(["type", "properties"]);
    expect(Object.keys(metadata?.properties ?? {})).toEqual(["name"]);
  });

  test.each(kinds)("and the paths of $kind's columns and scale are there", (kind) => {
    const [{ schema, additionalPrinterColumns, subresources }] = customResourceDefinition(kind).spec.versions;
    const scale = "scale" in subresources ? Object.values(subresources.scale) : [];
    const paths = [...additionalPrinterColumns.map(({ jsonPath }) => jsonPath), ...scale].filter(
      (path) => !path.startsWith(".metadata"),
    );
    const missing = paths.filter((path) => {
      let inside: StructuralSchema | undefined = schema.openAPIV3Schema;
      for (const name of path
        .replace(/\[[^\]]*\]/g, ".[]")
        .slice(1)
        .split("."))
        inside = name === "[]" ? inside?.items : inside?.properties?.[name];
      return inside === undefined;
    });
    expect(missing).toEqual([]);
  });
});

describe("violations finds", () => {
  const rule = (text: string) => [{ rule: text, message: "m" }];
  test.each<[string, unknown, string]>([
    ["a foreign keyword", { type: "string", pattern: "a" }, "a: the keyword pattern is not structural"],
    ["a missing type", { enum: ["a"] }, "a: has no type"],
    ["a list without items", { type: "array" }, "a: has no items"],
    [
      "both kinds of properties",
      { type: "object", properties: {}, additionalProperties: { type: "string" } },
      "a: has both properties and additionalProperties",
    ],
    [
      "a required field that is not there",
      { type: "object", properties: {}, required: ["b"] },
      "a: requires b, which it has not",
    ],
    [
      "a required default",
      { type: "object", properties: { b: { type: "integer", default: 1 } }, required: ["b"] },
      "a: requires b, which has a default",
    ],
    ["a wrong default", { type: "integer", default: 5, maximum: 4 }, "a: its default is wrong: 5 is too large: at most 4"],
    ["a set of objects", { type: "array", "x-kubernetes-list-type": "set", items: { type: "object" } }, "a: is a set of objects"],
    [
      "an optional key",
      { type: "array", "x-kubernetes-list-map-keys": ["b"], items: { type: "object" } },
      "a: its key b is not required",
    ],
    [
      "a rule in a list without bound",
      { type: "array", items: { type: "integer", "x-kubernetes-validations": rule("self > 0") } },
      "a[]: a rule is evaluated without bound: self > 0",
    ],
    [
      "a rule over a string without bound",
      { type: "string", "x-kubernetes-validations": rule("self != ''") },
      "a: a rule reads a string without maxLength: self != ''",
    ],
    ["a rule that is no CEL", { type: "integer", "x-kubernetes-validations": rule("self >") }, "a: a rule is no CEL: self >"],
    [
      "a rule over an unknown field",
      { type: "object", "x-kubernetes-validations": rule("has(self.b)") },
      "a: a rule reads self.b, which is unknown: has(self.b)",
    ],
  ])("%s", (_what, schema, violation) => {
    expect(violations(schema as StructuralSchema, "a")).toEqual([violation]);
  });
});
