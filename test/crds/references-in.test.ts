import { expect, test } from "vitest";
import { connectionKind } from "../../crds/kinds/connection.ts";
import { kinds } from "../../crds/kinds/kinds.ts";
import { referencesIn } from "../../crds/references-in.ts";
import type { StructuralSchema } from "../../crds/schema.ts";

/** A value that has everything the schema allows, one-of or not: each string is the name of its field. */
function everything({ properties, items, additionalProperties, type }: StructuralSchema, name: string): unknown {
  if (properties !== undefined)
    return Object.fromEntries(Object.entries(properties).map(([member, schema]) => [member, everything(schema, member)]));
  if (items !== undefined) return [everything(items, name)];
  if (additionalProperties !== undefined) return { first: everything(additionalProperties, name) };
  return type === "string" ? name : 1;
}

/** Paths of the fields whose names end in From, as the reference page promises. */
function fromFields({ properties = {}, items, additionalProperties }: StructuralSchema, path: string): string[] {
  const inner = [
    ...(items === undefined ? [] : fromFields(items, `${path}[0]`)),
    ...(additionalProperties === undefined ? [] : fromFields(additionalProperties, `${path}.first`)),
  ];
  const own = Object.entries(properties).flatMap(([name, schema]) =>
    name.endsWith("From") && name !== "startFrom" ? [`${path}.${name}`] : fromFields(schema, `${path}.${name}`),
  );
  return [...inner, ...own];
}

test.each(kinds)("the references of a $kind are its fields that end in From, and no others", (kind) => {
  const found = referencesIn(kind, everything(kind.spec, "spec"));
  expect(found.map(({ path }) => path)).toEqual(fromFields(kind.spec, "spec"));
  for (const each of found) expect(each).toMatchObject({ kind: "Secret", name: "secret", key: "key" });
});

test("a reference names a key of a Secret or of a ConfigMap, and where it stands", () => {
  const spec = {
    kafka: {
      brokers: ["a:1"],
      tls: {
        caFrom: { configMap: "ca", key: "ca.crt" },
        certificateFrom: { secret: "client", key: "tls.crt" },
        keyFrom: { secret: "client", key: "tls.key" },
      },
    },
  };
  expect(referencesIn(connectionKind, spec)).toEqual([
    { kind: "ConfigMap", name: "ca", key: "ca.crt", path: "spec.kafka.tls.caFrom" },
    { kind: "Secret", name: "client", key: "tls.crt", path: "spec.kafka.tls.certificateFrom" },
    { kind: "Secret", name: "client", key: "tls.key", path: "spec.kafka.tls.keyFrom" },
  ]);
});

test.each([
  null,
  5,
  "text",
  [],
  {},
  { kafka: null },
  { kafka: { tls: { caFrom: { key: 5 } } } },
  { kafka: { tls: { caFrom: { key: "a" } } } },
])("what is no spec has no references: %j", (spec) => {
  expect(referencesIn(connectionKind, spec)).toEqual([]);
});
