/**
 * Builders for custom-resource schemas. A builder yields the structural JSON schema the API server needs and, through
 * `Static`, the TypeScript type the code needs, so the two cannot drift. A schema that Kubernetes would call
 * non-structural cannot be written with them: no `anyOf`, no `type`-less `enum`, no `patternProperties`.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
declare const type: unique symbol;

/** A JSON schema in the subset that Kubernetes calls structural. */
export interface StructuralSchema {
  readonly type?: "string" | "integer" | "number" | "boolean" | "array" | "object";
  readonly description: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly minProperties?: number;
  readonly items?: StructuralSchema;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema;
  readonly required?: readonly string[];
  readonly "x-kubernetes-int-or-string"?: true;
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-validations"?: readonly CelRule[];
}

/** One CEL rule: `rule` must be true; `message` names the field and the fix, because it is all the user sees. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

export interface Schema<T> {
  readonly [type]?: T;
  readonly json: StructuralSchema;
}
/** A field that may be absent and then stays absent. */
export interface Optional<T> extends Schema<T> {
  readonly presence: "optional";
}
/** A field that may be absent and then has its default: present in the type, not in `required`. */
export interface Defaulted<T> extends Schema<T> {
  readonly presence: "defaulted";
}
/** The TypeScript type of a value that passed the schema, with its defaults filled in. */
export type Static<S> = S extends Schema<infer T> ? T : never;

type Fields = Readonly<Record<string, Schema<unknown>>>;
type Flat<T> = { [K in keyof T]: T[K] };
type OptionalKey<F> = { [K in keyof F]: F[K] extends Optional<unknown> ? K : never }[keyof F];
type ObjectOf<F> = Flat<
  { readonly [K in Exclude<keyof F, OptionalKey<F>>]: Static<F[K]> } & { readonly [K in OptionalKey<F>]?: Static<F[K]> }
>;
/** Exactly one member is set; `value.kafka !== undefined` narrows to that member. */
export type OneOf<F> = {
  [K in keyof F]: Flat<{ readonly [P in K]: Static<F[P]> } & { readonly [P in Exclude<keyof F, K>]?: never }>;
}[keyof F];

type Rules<K extends keyof StructuralSchema> = Pick<StructuralSchema, K>;

export const string = (
  description: string,
  rules: Rules<"pattern" | "minLength" | "maxLength" | "format"> = {},
): Schema<string> => ({ json: { type: "string", description, ...rules } });

export const integer = (description: string, rules: Rules<"minimum" | "maximum" | "format"> = {}): Schema<number> => ({
  json: { type: "integer", description, ...rules },
});

export const number = (description: string, rules: Rules<"minimum" | "maximum"> = {}): Schema<number> => ({
  json: { type: "number", description, ...rules },
});

export const boolean = (description: string): Schema<boolean> => ({ json: { type: "boolean", description } });

/** A Kubernetes quantity of bytes: `64Mi`, `1G`, `1048576`. Read it with `bytesOf`. */
export const quantity = (description: string): Schema<string | number> => ({
  json: {
    description,
    "x-kubernetes-int-or-string": true,
    pattern: "^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$",
  },
});

export const choice = <const V extends string>(description: string, ...values: readonly V[]): Schema<V> => ({
  json: { type: "string", description, enum: values },
});

export const list = <T>(
  description: string,
  items: Schema<T>,
  rules: Rules<"minItems" | "maxItems" | "x-kubernetes-list-type" | "x-kubernetes-list-map-keys"> = {},
): Schema<readonly T[]> => ({ json: { type: "array", description, items: items.json, ...rules } });

export const map = <T>(
  description: string,
  values: Schema<T>,
  rules: Rules<"minProperties" | "maxProperties"> = {},
): Schema<Readonly<Record<string, T>>> => ({
  json: { type: "object", description, additionalProperties: values.json, ...rules },
});

export const optional = <T>(schema: Schema<T>): Optional<T> => ({ ...schema, presence: "optional" });

export const withDefault = <T>(schema: Schema<T>, value: NoInfer<T>): Defaulted<T> => ({
  json: { ...schema.json, default: value },
  presence: "defaulted",
});

export const object = <const F extends Fields>(
  description: string,
  fields: F,
  rules: readonly CelRule[] = [],
): Schema<ObjectOf<F>> => {
  const required = Object.entries(fields).flatMap(([name, field]) => ("presence" in field ? [] : [name]));
  return {
    json: {
      type: "object",
      description,
      properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.json])),
      ...(required.length === 0 ? {} : { required }),
      ...(rules.length === 0 ? {} : { "x-kubernetes-validations": rules }),
    },
  };
};

/** An object of which exactly one member is set. */
export const oneOf = <const F extends Fields>(description: string, members: F): Schema<OneOf<F>> => {
  const names = Object.keys(members);
  const set = names.map((name) => `has(self.${name}) ? 1 : 0`).map((term) => `(${term})`);
  return {
    json: {
      type: "object",
      description,
      properties: Object.fromEntries(Object.entries(members).map(([name, member]) => [name, member.json])),
      "x-kubernetes-validations": [
        { rule: `${set.join(" + ")} == 1`, message: `set exactly one of: ${names.join(", ")}` },
      ],
    },
  };
};
