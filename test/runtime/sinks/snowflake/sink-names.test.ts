import { expect, test } from "vitest";
import type { SnowflakeSink } from "../../../../crds/connectors/snowflake.ts";
import { sinkNames } from "../../../../runtime/sinks/snowflake/sink-names.ts";

const spec = { database: "analytics", schema: '"Raw Data"', table: "orders" } as SnowflakeSink;

test("names follow SQL: unquoted ones are in upper case, quoted ones are as they are written", () => {
  const { table, positions, stage } = sinkNames(
    { ...spec, table: '"Or""ders"', stateSchema: "state" },
    { namespace: "shop", name: "orders" },
  );
  expect(table).toEqual({
    database: "ANALYTICS",
    schema: "Raw Data",
    name: 'Or"ders',
    sql: '"ANALYTICS"."Raw Data"."Or""ders"',
  });
  expect(positions.sql).toBe('"ANALYTICS"."STATE"."SNOWLINE_POSITIONS_SHOP$ORDERS"');
  expect(stage.sql).toBe('"ANALYTICS"."STATE"."SNOWLINE_STAGE_SHOP$ORDERS"');
});

test("no two pipelines have the same names, however alike theirs are, and none is too long", () => {
  const pipelines = [
    ["a", "b-c"],
    ["a-b", "c"],
    ["a", "b.c"],
    ["a-b", "c.d"],
    ["a", "b-c.d"],
    ["n".repeat(63), "x".repeat(253)],
    ["n".repeat(63), `${"x".repeat(252)}y`],
    ["n".repeat(63), "x".repeat(136)],
  ].map(([namespace, name]) => sinkNames(spec, { namespace: namespace!, name: name! }));
  const names = pipelines.flatMap(({ positions, stage, pipe, transaction }) => [
    positions.name,
    stage.name,
    pipe.name,
    transaction,
  ]);
  expect(new Set(names).size).toBe(names.length);
  expect(Math.max(...names.map(({ length }) => length))).toBeLessThanOrEqual(255);
  for (const { transaction } of pipelines) expect(transaction).toMatch(/^[A-Z_][A-Z0-9_$]*$/);
});
