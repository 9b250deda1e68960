import { apiVersion, type Kind } from "./kinds/kind.ts";
import type { StructuralSchema } from "./schema.ts";

/** The reference page of these kinds, as Markdown: every field with its type, default, meaning and rules. */
export function reference(kinds: readonly Kind[]): string {
  return [
    "# Reference",
    "",
    `Every field of the resources of \`${apiVersion}\`. This page is made from the schemas in \`crds/\` by \`npm run generate\`.`,
    "",
    "A field is optional unless it says *required*. A field with a default has it wherever the object around it is there.",
    "Fields ending in `From` say where a value is, and never hold it.",
    ...kinds.flatMap(kindPage),
    "",
  ].join("\n");
}

function kindPage({ kind, plural, shortNames, description, spec, status, columns }: Kind): readonly string[] {
  return [
    "",
    `## ${kind}`,
    "",
    description,
    "",
    `\`kubectl get ${[plural, ...shortNames].join("|")}\` shows: ${columns.map(({ name, priority }) => (priority === 1 ? `${name} (\`-o wide\`)` : name)).join(", ")}, Age.`,
    "",
    `### ${kind}: spec`,
    "",
    ...body(spec, 0),
    "",
    `### ${kind}: status`,
    "",
    "Written by Snowline, never by you.",
    "",
    ...body(status, 0),
  ];
}

/** What is inside a field: its rules, then its fields. */
function body(schema: StructuralSchema, depth: number): readonly string[] {
  const indent = "  ".repeat(depth);
  const rules = (schema["x-kubernetes-validations"] ?? []).map(({ message }) => `${indent}- Rule: ${message}.`);
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const required = schema.required?.includes(name) === true ? ", required" : "";
    return [
      `${indent}- **\`${name}\`** (${typeName(field)}${required}${bounds(field)}${defaultText(field)}): ${field.description}`,
      ...body(field, depth + 1),
    ];
  });
  const inner = schema.items ?? schema.additionalProperties;
  return [...rules, ...fields, ...(inner === undefined ? [] : innerBody(inner, depth))];
}

/** A list's items and a map's values: an object's fields follow at once, a scalar only where there is more to say than its type. */
function innerBody(inner: StructuralSchema, depth: number): readonly string[] {
  return inner.properties === undefined && inner["x-kubernetes-validations"] === undefined ? [] : body(inner, depth);
}

function typeName(schema: StructuralSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(" or ");
  if (schema["x-kubernetes-int-or-string"] === true) return "quantity of bytes";
  if (schema.format === "date-time") return "time";
  if (schema.items !== undefined) return `list of ${plural(typeName(schema.items))}`;
  if (schema.additionalProperties !== undefined) return `${plural(typeName(schema.additionalProperties))} by name`;
  return schema.type ?? "any";
}
const plural = (type: string): string => `${type}s`;

function bounds({
  type,
  minimum,
  maximum,
  minItems,
  maxItems,
  minProperties,
  maxProperties,
  maxLength,
}: StructuralSchema): string {
  if (type === "integer" || type === "number") return range(minimum, maximum, "");
  if (type === "array") return range(minItems, maxItems, " items");
  if (type === "object") return range(minProperties, maxProperties, " entries");
  return type === "string" && maxLength !== 1 ? range(undefined, maxLength, " characters") : "";
}

function range(min: number | undefined, max: number | undefined, what: string): string {
  const number = (value: number) => value.toLocaleString("en");
  if (min === undefined || min === 0) return max === undefined ? "" : `, at most ${number(max)}${what}`;
  return max === undefined ? `, at least ${number(min)}${what}` : `, ${number(min)} to ${number(max)}${what}`;
}

function defaultText({ default: value }: StructuralSchema): string {
  return value === undefined ? "" : `, default \`${JSON.stringify(value)}\``;
}
