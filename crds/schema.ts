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
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly format?: string;
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
  readonly "x-kubernetes-preserve-unknown-fields"?: true;
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-validations"?: readonly CelRule[];
}

/**
 * One CEL rule: `rule` must be true of `self`. The API server and `check` show `message` behind the path, and behind the value
 * where that is a scalar: it says what is wanted and the fix.
 */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  /** Field that the problem is shown at, relative to `self`: `.max`. */
  readonly fieldPath?: string;
}

/** A field that has to be there. `T` is the type of its values, which only the compiler knows. */
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
/** Members of a one-of: never defaulted, because a default would set a second one. */
type Members = Readonly<Record<string, Schema<unknown> & { readonly presence?: never }>>;
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

/** `matches` is an RE2 expression over the value, with a message that says it in words. */
export const string = (
  description: string,
  { matches, ...rules }: Rules<"minLength" | "maxLength" | "format"> & { readonly matches?: Matches } = {},
): Schema<string> => {
  const schema: Schema<string> = { json: { type: "string", description, ...rules } };
  return matches === undefined
    ? schema
    : checked(schema, { rule: `self.matches(r'${matches.pattern}')`, message: matches.message });
};
/** Not JSON schema's `pattern`: of that the API server shows only the expression. No single quotes in `pattern`. */
interface Matches {
  readonly pattern: string;
  readonly message: string;
}

/** A whole number that JavaScript holds exactly. */
export const integer = (description: string, rules: Rules<"minimum" | "maximum" | "format"> = {}): Schema<number> => ({
  json: { type: "integer", description, ...rules },
});

/** A number, with or without a fraction. */
export const number = (description: string, rules: Rules<"minimum" | "maximum"> = {}): Schema<number> => ({
  json: { type: "number", description, ...rules },
});

/** True or false. */
export const boolean = (description: string): Schema<boolean> => ({ json: { type: "boolean", description } });

/** A Kubernetes quantity of bytes, above 0: `64Mi`, `1.5G`, `1048576`. Read it with `bytesOf`. */
export const quantity = (description: string): Schema<string | number> => ({
  json: {
    description,
    "x-kubernetes-int-or-string": true,
    maxLength: 20,
    "x-kubernetes-validations": [
      {
        rule: "type(self) == int ? self > 0 : self.matches(r'^[0-9]*[1-9][0-9]*([.][0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$')",
        message: "must be a number of bytes above 0, such as 64Mi, 1.5G or 1048576",
      },
    ],
  },
});

/** One of some strings. */
export const choice = <const V extends string>(description: string, ...values: readonly V[]): Schema<V> => ({
  json: { type: "string", description, enum: values },
});

/** A list whose order counts and which has one owner in server-side apply. */
export const list = <T>(
  description: string,
  items: Schema<T>,
  rules: Rules<"minItems" | "maxItems"> = {},
): Schema<readonly T[]> => ({
  json: { type: "array", description, items: items.json, ...rules, "x-kubernetes-list-type": "atomic" },
});

/** A list of strings, none of them twice. */
export const set = (
  description: string,
  items: Schema<string>,
  rules: Rules<"minItems" | "maxItems"> = {},
): Schema<readonly string[]> => ({
  json: { type: "array", description, items: items.json, ...rules, "x-kubernetes-list-type": "set" },
});

/** A list of objects of which no two have the same `key` fields. */
export const keyedList = <T>(
  description: string,
  items: Schema<T>,
  { key, ...rules }: Rules<"minItems" | "maxItems"> & { readonly key: readonly (keyof T & string)[] },
): Schema<readonly T[]> => ({
  json: {
    type: "array",
    description,
    items: items.json,
    ...rules,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": key,
  },
});

/** Values by name. The API server keeps no order of the names: nothing may depend on it. */
export const map = <T>(
  description: string,
  values: Schema<T>,
  rules: Rules<"minProperties" | "maxProperties"> = {},
): Schema<Readonly<Record<string, T>>> => ({
  json: { type: "object", description, additionalProperties: values.json, ...rules },
});

/** An object of Kubernetes' own, whose fields are checked by the API server where it is used. */
export const kubernetesObject = (description: string): Schema<Readonly<Record<string, unknown>>> => ({
  json: { type: "object", description, "x-kubernetes-preserve-unknown-fields": true },
});

/** The field may be absent. */
export const optional = <T>(schema: Schema<T>): Optional<T> => ({ ...schema, presence: "optional" });

/** The field may be absent, and is then this. */
export const withDefault = <T>(schema: Schema<T>, value: NoInfer<T>): Defaulted<T> => ({
  json: { ...schema.json, default: value },
  presence: "defaulted",
});

/** The schema with further rules. */
export const checked = <T>(schema: Schema<T>, ...rules: readonly CelRule[]): Schema<T> => ({
  json: { ...schema.json, "x-kubernetes-validations": [...(schema.json["x-kubernetes-validations"] ?? []), ...rules] },
});

/** An object with these fields and no others; `rules` are over the whole of it. */
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
export const oneOf = <const F extends Members>(description: string, members: F): Schema<OneOf<F>> => {
  const names = Object.keys(members);
  return {
    json: {
      type: "object",
      description,
      properties: Object.fromEntries(Object.entries(members).map(([name, member]) => [name, member.json])),
      "x-kubernetes-validations": [exactlyOne(names)],
    },
  };
};

/** Exactly one of these fields of `self` is set. */
export const exactlyOne = (names: readonly string[]): CelRule => ({
  rule: `[${names.map((name) => `has(self.${celName(name)})`).join(", ")}].exists_one(set, set)`,
  message: `set exactly one of: ${names.join(", ")}`,
});

/**
 * A field's name as CEL rules have to write it: the API server escapes CEL's reserved words and what is no identifier.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
 */
export function celName(field: string): string {
  if (reserved.has(field)) return `__${field}__`;
  return field.replace(/__|[.\-/]/g, (text) => `__${escapes[text]}__`);
}
const escapes: Readonly<Record<string, string>> = { __: "underscores", ".": "dot", "-": "dash", "/": "slash" };
const reserved = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);
