import { Environment } from "@marcbachmann/cel-js";
import { type CelRule, celName, type StructuralSchema } from "./schema.ts";

const environment = new Environment().registerVariable("self", "dyn");

/**
 * Evaluates a rule as the API server does; `value` has passed `schema` and has its defaults. "error" where it cannot be
 * evaluated, such as a time that is none: the API server refuses that too.
 */
export function evaluate({ rule }: CelRule, schema: StructuralSchema, value: unknown): boolean | "error" {
  const holds = environment.parse(rule);
  try {
    return holds({ self: celValue(schema, value) }) === true;
  } catch {
    return "error";
  }
}

/** CEL knows integers apart from doubles, and fields by escaped names. */
function celValue(schema: StructuralSchema | undefined, value: unknown): unknown {
  if (typeof value === "number") return schema?.type !== "number" && Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map((item: unknown) => celValue(schema?.items, item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]: [string, unknown]) =>
      schema?.properties === undefined
        ? [name, celValue(schema?.additionalProperties, member)]
        : [celName(name), celValue(schema.properties[name], member)],
    ),
  );
}
