import { describe, expect, test } from "vitest";
import { parseType, printType } from "../../../../transform/duckdb-type.ts";
import type { TableColumn } from "../../../../runtime/component/table-plan.ts";
import { planTable, type TablePlanOptions } from "../../../../runtime/sinks/duckdb/table-plan.ts";
import { fit } from "../../../../runtime/sinks/duckdb/type-fit.ts";

const judged = (table: string, sql: string): string => {
  const answer = fit(parseType(table), parseType(sql));
  return answer.kind === "narrow" ? `${answer.loses ? "loses" : "checks"} → ${printType(answer.wider)}` : answer.kind;
};

describe("a table's type against the SQL's:", () => {
  test.each([
    ["BIGINT", "INTEGER", "fits"],
    ["INTEGER", "BIGINT", "checks → BIGINT"],
    ["UTINYINT", "TINYINT", "checks → SMALLINT"],
    ["UBIGINT", "BIGINT", "checks → HUGEINT"],
    ["UHUGEINT", "HUGEINT", "fits"],
    ["DECIMAL(18,2)", "DECIMAL(10,2)", "fits"],
    ["DECIMAL(10,2)", "DECIMAL(18,2)", "checks → DECIMAL(18,2)"],
    ["DECIMAL(18,2)", "DECIMAL(18,4)", "loses → DECIMAL(20,4)"],
    ["DECIMAL(38,2)", "DECIMAL(38,4)", "refused"],
    ["DECIMAL(38,4)", "DECIMAL(38,2)", "fits"],
    ["DECIMAL(18,2)", "BIGINT", "checks → DECIMAL(21,2)"],
    ["BIGINT", "DECIMAL(10,0)", "fits"],
    ["INTEGER", "DECIMAL(18,0)", "checks → BIGINT"],
    ["BIGINT", "DECIMAL(18,2)", "refused"],
    ["DOUBLE", "FLOAT", "fits"],
    ["FLOAT", "DOUBLE", "loses → DOUBLE"],
    ["DOUBLE", "INTEGER", "fits"],
    ["DOUBLE", "BIGINT", "refused"],
    ["INTEGER", "DOUBLE", "refused"],
    ["DOUBLE", "DECIMAL(18,2)", "refused"],
    ["DECIMAL(18,2)", "DOUBLE", "refused"],
    ["TIMESTAMP", "DATE", "fits"],
    ["DATE", "TIMESTAMP", "refused"],
    ["TIMESTAMP_S", "TIMESTAMP", "loses → TIMESTAMP"],
    ["TIMESTAMP_NS", "TIMESTAMP", "fits"],
    ["TIMESTAMP", "TIMESTAMP_NS", "refused"],
    ["TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "refused"],
    ["VARCHAR", "JSON", "fits"],
    ["UUID", "VARCHAR", "fits"],
    ["ENUM('a')", "ENUM('a', 'b')", "fits"],
    ["VARCHAR", "INTEGER", "refused"],
    ["INTEGER", "VARCHAR", "refused"],
    ["JSON", "UUID", "refused"],
    ["BLOB", "VARCHAR", "refused"],
    ["INTEGER[]", "BIGINT[]", "checks → BIGINT[]"],
    ["INTEGER[]", "INTEGER[3]", "fits"],
    ["INTEGER[3]", "INTEGER[]", "refused"],
    ["MAP(VARCHAR, FLOAT)", "MAP(VARCHAR, DOUBLE)", "loses → MAP(VARCHAR, DOUBLE)"],
    ["STRUCT(a INTEGER, b VARCHAR)", "STRUCT(A INTEGER)", "fits"],
    ["STRUCT(a INTEGER)", "STRUCT(a BIGINT)", `checks → STRUCT("a" BIGINT)`],
    ["STRUCT(a INTEGER)", "STRUCT(b VARCHAR, a BIGINT)", `loses → STRUCT("a" BIGINT, "b" VARCHAR)`],
    ["STRUCT(a INTEGER)", "STRUCT(a VARCHAR)", "refused"],
  ])("%s for %s: %s", (table, sql, expected) => {
    expect(judged(table, sql)).toBe(expected);
  });
});

const column = (name: string, type: string, more: Partial<TableColumn> = {}): TableColumn => ({
  name,
  type,
  nullable: true,
  hasDefault: false,
  generated: false,
  ...more,
});
const plan = (options: Partial<TablePlanOptions>) =>
  planTable({
    table: "t",
    existing: null,
    columns: [{ name: "id", type: "BIGINT" }],
    evolution: "none",
    key: null,
    deleteWhen: null,
    ...options,
  });

describe("a table's plan", () => {
  test("creates an absent table with every column nullable and no constraint", () => {
    const columns = [
      { name: "id", type: "BIGINT" },
      { name: 'we"ird', type: "HUGEINT" },
    ];
    expect(plan({ columns, key: ["ID"] })).toEqual({
      kind: "plan",
      statements: [`CREATE TABLE t ("id" BIGINT, "we""ird" HUGEINT)`],
      target: columns.map((each) => ({ ...each, nullable: true })),
    });
  });

  test("answers in the table's order, with its types, without generated columns", () => {
    const existing = [
      column("extra", "VARCHAR"),
      column("g", "INTEGER", { generated: true, hasDefault: true }),
      column("ID", "INTEGER", { nullable: false }),
    ];
    expect(plan({ existing })).toEqual({
      kind: "plan",
      statements: [],
      target: [
        { name: "extra", type: "VARCHAR", nullable: true },
        { name: "ID", type: "INTEGER", nullable: false },
      ],
    });
  });

  test("says all that is wrong at once, each with its ways out", () => {
    const answer = plan({
      existing: [
        column("must", "INTEGER", { nullable: false }),
        column("amount", "DECIMAL(18,2)"),
        column("g", "INTEGER", { generated: true }),
      ],
      columns: ["id BIGINT", "amount DECIMAL(18,4)", "G INTEGER", "id VARCHAR"].map((text) => ({
        name: text.split(" ")[0]!,
        type: text.split(" ")[1]!,
      })),
      key: ["order_id"],
    });
    expect(answer.kind === "refused" ? answer.problems : answer).toEqual([
      "mode.upsert.key names order_id, which the SQL does not yield; it yields id, amount, G, id",
      "the SQL yields column id twice: rename one with AS",
      "column must is NOT NULL without a default and the SQL does not yield it: add it to the SQL, or give it a default",
      'column amount is DECIMAL(18,2) in the table and would lose part of the SQL\'s DECIMAL(18,4): run ALTER TABLE t ALTER COLUMN "amount" SET DATA TYPE DECIMAL(20,4); or set schemaEvolution: widen; or write CAST(… AS DECIMAL(18,2)) AS "amount" in the SQL',
      "column g is computed by the table: leave it out of the SQL",
      'column id is not in the table: run ALTER TABLE t ADD COLUMN "id" BIGINT; or set schemaEvolution: addColumns; or leave it out of the SQL',
      'column id is not in the table: run ALTER TABLE t ADD COLUMN "id" VARCHAR; or set schemaEvolution: addColumns; or leave it out of the SQL',
    ]);
  });

  test("addColumns adds but does not widen; widen does both; neither changes a family", () => {
    const existing = [column("id", "INTEGER"), column("at", "DATE")];
    const columns = [
      { name: "id", type: "BIGINT" },
      { name: "new", type: "VARCHAR" },
    ];
    const add = 'ALTER TABLE t ADD COLUMN "new" VARCHAR';
    expect(plan({ existing, columns, evolution: "addColumns" })).toMatchObject({
      statements: [add],
      target: [{ type: "INTEGER" }, {}, {}],
    });
    const widen = 'ALTER TABLE t ALTER COLUMN "id" SET DATA TYPE BIGINT';
    expect(plan({ existing, columns, evolution: "widen" })).toMatchObject({
      statements: [widen, add],
      target: [{ type: "BIGINT" }, {}, {}],
    });
    const other = plan({ existing, columns: [{ name: "at", type: "TIMESTAMP" }], evolution: "widen" });
    expect(other).toEqual({
      kind: "refused",
      problems: [
        'column at is DATE in the table, but TIMESTAMP in the SQL: write CAST(… AS DATE) AS "at" in the SQL, or change the table',
      ],
    });
  });
});
