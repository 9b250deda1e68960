import { describe, expect, expectTypeOf, test } from "vitest";
import { check } from "../../crds/check.ts";
import type { Connection } from "../../crds/kinds/connection.ts";
import type { Pipeline, PipelineSource } from "../../crds/kinds/pipeline.ts";
import {
  celName,
  choice,
  integer,
  list,
  map,
  object,
  oneOf,
  optional,
  quantity,
  type Static,
  string,
  withDefault,
} from "../../crds/schema.ts";

test("the static type has defaulted fields always, optional ones perhaps and of a one-of one member", () => {
  const schema = object("", {
    required: string(""),
    optional: optional(integer("")),
    defaulted: withDefault(choice("", "a", "b"), "a"),
    items: list("", quantity("")),
    byName: map("", string("")),
    one: oneOf("", { left: object("", { depth: integer("") }), right: object("", {}) }),
  });
  type Value = Static<typeof schema>;
  expectTypeOf<Value["required"]>().toEqualTypeOf<string>();
  expectTypeOf<Value["defaulted"]>().toEqualTypeOf<"a" | "b">();
  expectTypeOf<Value["items"]>().toEqualTypeOf<readonly (string | number)[]>();
  expectTypeOf<Value["byName"]>().toEqualTypeOf<Readonly<Record<string, string>>>();
  expectTypeOf<{ readonly optional?: number }>().toEqualTypeOf<Pick<Value, "optional">>();
  expectTypeOf<Extract<Value["one"], { readonly left: unknown }>["left"]>().toEqualTypeOf<{ readonly depth: number }>();
  // @ts-expect-error: a default has to fit the type.
  withDefault(choice("", "a", "b"), "c");
  // @ts-expect-error: a default would set a second member.
  oneOf("", { left: withDefault(integer(""), 1) });
});

test("the static types of the kinds follow the manifest", () => {
  expectTypeOf<Pipeline["spec"]["deadLetter"]>().not.toBeNullable();
  expectTypeOf<NonNullable<Pipeline["spec"]["transform"]>["sql"]>().toEqualTypeOf<string>();
  expectTypeOf<NonNullable<PipelineSource["kafka"]>["tombstones"]>().toEqualTypeOf<"skip" | "keep" | "reject">();
  expectTypeOf<NonNullable<PipelineSource["kafka"]>["topics"]>().toEqualTypeOf<readonly string[] | undefined>();
  expectTypeOf<Pipeline["kind"]>().toEqualTypeOf<"Pipeline">();
  expectTypeOf<Connection["spec"]["kafka"]>().extract<object>().toHaveProperty("brokers");
  const narrowed = (source: PipelineSource) => {
    if (source.kafka !== undefined) expectTypeOf(source.files).toEqualTypeOf<undefined>();
  };
  expect(narrowed).toBeTypeOf("function");
});

describe("one-of", () => {
  const { json } = oneOf("", { package: object("", {}), "a-b.c/d__e": object("", {}), in: object("", {}), z: object("", {}) });
  const broken = "set exactly one of: package, a-b.c/d__e, in, z";

  test.each([["package"], ["a-b.c/d__e"], ["in"], ["z"]])("takes the member %s, whatever its name is in CEL", (name) => {
    expect(check(json, { [name]: {} }, ["x"]).problems).toEqual([]);
    expect(check(json, { [name]: {}, z: {}, package: {} }, ["x"]).problems).toEqual([{ path: "x", message: broken }]);
  });
  test("refuses none", () => {
    expect(check(json, {}, ["x"]).problems).toEqual([{ path: "x", message: broken }]);
  });
});

test.each([
  ["kafka", "kafka"],
  ["namespace", "__namespace__"],
  ["as", "__as__"],
  ["a.b", "a__dot__b"],
  ["a-b", "a__dash__b"],
  ["a/b", "a__slash__b"],
  ["a__b", "a__underscores__b"],
  ["a_b", "a_b"],
])("celName writes %s as %s", (field, name) => {
  expect(celName(field)).toBe(name);
});

test("check counts characters, not UTF-16 units", () => {
  const { json } = object("", { a: string("", { maxLength: 2 }) });
  expect(check(json, { a: "😀😀" }, []).problems).toEqual([]);
  expect(check(json, { a: "😀😀😀" }, []).problems).toEqual([{ path: "a", message: "has 3 characters: at most 2" }]);
});

test("check takes a member named __proto__ for what it is", () => {
  const { json } = object("", { a: map("", integer("")) });
  const given: unknown = JSON.parse('{"a":{"__proto__":1},"__proto__":{}}');
  expect(check(json, given, [])).toMatchObject({ problems: [{ path: "__proto__", message: "unknown field: known here are a" }] });
  expect(({} as { a?: unknown }).a).toBeUndefined();
});
