import { isObject } from "./explain.ts";
import type { Kind } from "./kinds/kind.ts";
import { type Path, pathText } from "./path.ts";
import type { StructuralSchema } from "./schema.ts";

/** A key of a Secret or ConfigMap that a resource names. */
export interface NamedKey {
  readonly kind: "Secret" | "ConfigMap";
  readonly name: string;
  readonly key: string;
  /** The field that names it: `spec.kafka.tls.caFrom`. */
  readonly path: string;
}

/**
 * Every key of a Secret or ConfigMap that a resource's spec names, in the order of its schema. Found by the schema, so that a new
 * connector's references are among them without anybody thinking of it. `spec` need not be valid: what is no reference is none.
 */
export function referencesIn({ spec: schema }: Kind, spec: unknown): readonly NamedKey[] {
  return within(schema, spec, ["spec"]);
}

function within(schema: StructuralSchema, value: unknown, path: Path): readonly NamedKey[] {
  const { items, properties, additionalProperties } = schema;
  if (Array.isArray(value)) {
    return items === undefined ? [] : value.flatMap((item, index) => within(items, item, [...path, index]));
  }
  if (!isObject(value)) return [];
  if (isReference(schema)) return named(value, path);
  if (additionalProperties !== undefined) {
    return Object.entries(value).flatMap(([name, member]) => within(additionalProperties, member, [...path, name]));
  }
  return Object.entries(properties ?? {}).flatMap(([name, property]) => within(property, value[name], [...path, name]));
}

/** What `secretReference` and `valueReference` make: an object of a key and where it is, with nothing else. */
function isReference({ properties = {} }: StructuralSchema): boolean {
  const names = Object.keys(properties);
  return names.includes("key") && names.includes("secret") && names.every((name) => referenceFields.includes(name));
}
const referenceFields: readonly string[] = ["secret", "configMap", "key"];

function named({ secret, configMap, key }: Readonly<Record<string, unknown>>, path: Path): readonly NamedKey[] {
  if (typeof key !== "string") return [];
  const place = { key, path: pathText(path) };
  if (typeof secret === "string") return [{ kind: "Secret", name: secret, ...place }];
  return typeof configMap === "string" ? [{ kind: "ConfigMap", name: configMap, ...place }] : [];
}
