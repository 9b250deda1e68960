import { describe, expect, test } from "vitest";
import type { TableColumn } from "../../../../runtime/component/table-plan.ts";
import { planSnowflakeTable, type SnowflakePlanOptions } from "../../../../runtime/sinks/snowflake/table-plan.ts";

const column = (name: string, type: string, more: Partial<TableColumn> = {}): TableColumn => ({
  name,
  type,
  nullable: true,
  hasDefault: false,
  generated: false,
  ...more,
});
const plan = (options: Partial<SnowflakePlanOptions>) =>
  planSnowflakeTable({
    table: "T",
    existing: null,
    columns: [{ name: "id", type: "BIGINT" }],
    evolution: "none",
    key: null,
    deleteWhen: null,
    ...options,
  });
const problems = (options: Partial<SnowflakePlanOptions>) => {
  const answer = plan(options);
  return answer.kind === "refused" ? answer.problems : [];
};

describe("a table's plan", () => {
  test("creates a table with names as Snowflake's users write them, and only if it is still absent", () => {
    const columns = ["order_id UUID", "amount DECIMAL(18,2)", "Odd-Name STRUCT(a INTEGER)"].map((text) => ({
      name: text.slice(0, text.indexOf(" ")),
      type: text.slice(text.indexOf(" ") + 1),
    }));
    expect(plan({ columns })).toMatchObject({
      statements: [`CREATE TABLE IF NOT EXISTS T ("ORDER_ID" VARCHAR(16777216), "AMOUNT" NUMBER(18,2), "Odd-Name" VARIANT)`],
      target: [
        { name: "order_id", type: "VARCHAR", nullable: true },
        { name: "amount", type: "DECIMAL(18,2)", nullable: true },
        { name: "Odd-Name", type: "JSON", nullable: true },
      ],
      stored: new Map([
        ["order_id", { name: "ORDER_ID", type: { kind: "VARCHAR", length: 16_777_216 } }],
        ["amount", { name: "AMOUNT", type: { kind: "NUMBER", precision: 18, scale: 2 } }],
        ["Odd-Name", { name: "Odd-Name", type: { kind: "VARIANT" } }],
      ]),
    });
  });

  test("meets columns whatever their case, and keeps the SQL's names for the rows", () => {
    const existing = [column("Id", "NUMBER(38,0)", { nullable: false }), column("EXTRA", "GEOGRAPHY")];
    expect(plan({ existing, columns: [{ name: "ID", type: "INTEGER" }] })).toEqual({
      kind: "plan",
      statements: [],
      target: [{ name: "ID", type: "INTEGER", nullable: false }],
      stored: new Map([["ID", { name: "Id", type: { kind: "NUMBER", precision: 38, scale: 0 } }]]),
    });
  });

  test("widens in place what Snowflake can, and says of the rest what to do", () => {
    const existing = [column("ID", "NUMBER(5,0)"), column("NAME", "VARCHAR(10)")];
    const columns = [
      { name: "id", type: "BIGINT" },
      { name: "name", type: "VARCHAR" },
      { name: "at", type: "TIMESTAMPTZ" },
    ];
    expect(plan({ existing, columns, evolution: "addColumns" })).toMatchObject({
      statements: [`ALTER TABLE T ADD COLUMN IF NOT EXISTS "AT" TIMESTAMP_TZ(6)`],
      target: [{ type: "DECIMAL(5,0)" }, { charactersMax: 10 }, {}],
    });
    expect(plan({ existing, columns, evolution: "widen" })).toMatchObject({
      statements: [
        `ALTER TABLE T ALTER COLUMN "ID" SET DATA TYPE NUMBER(19,0)`,
        `ALTER TABLE T ALTER COLUMN "NAME" SET DATA TYPE VARCHAR(16777216)`,
        `ALTER TABLE T ADD COLUMN IF NOT EXISTS "AT" TIMESTAMP_TZ(6)`,
      ],
    });
    expect(problems({ existing: [column("ID", "BOOLEAN")], evolution: "widen" })).toEqual([
      'column ID is BOOLEAN in the table, but BIGINT in the SQL: write CAST(… AS BOOLEAN) AS "ID" in the SQL, or change the table',
    ]);
    expect(problems({ existing: [column("ID", "GEOGRAPHY")] })).toEqual([
      "column ID is GEOGRAPHY in the table, but BIGINT in the SQL: leave it out of the SQL, or change the table",
    ]);
    expect(problems({ existing: [column("id", "NUMBER(38,0)"), column("ID", "NUMBER(38,0)")] })).toEqual([
      "column ID: the table has another one that differs only by case: rename one",
    ]);
  });

  test("takes the column that says what to delete without storing it", () => {
    const columns = [
      { name: "id", type: "BIGINT" },
      { name: "gone", type: "BOOLEAN" },
    ];
    const answer = plan({ columns, key: ["id"], deleteWhen: "GONE" });
    expect(answer).toMatchObject({
      statements: [`CREATE TABLE IF NOT EXISTS T ("ID" NUMBER(19,0))`],
      target: [{ name: "id" }, { name: "gone", type: "BOOLEAN", nullable: true }],
    });
    expect(answer.kind === "plan" && [...answer.stored.keys()]).toEqual(["id"]);
    expect(problems({ key: ["id"], deleteWhen: "gone" })).toEqual([
      "mode.upsert.deleteWhen names gone, which the SQL does not yield; it yields id",
    ]);
    expect(problems({ key: ["id"], deleteWhen: "ID" })).toEqual([
      "mode.upsert.deleteWhen names ID, which is in the key: name another column",
    ]);
    expect(problems({ columns: [columns[0]!, { name: "gone", type: "INTEGER" }], key: ["id"], deleteWhen: "gone" })).toEqual([
      `mode.upsert.deleteWhen names gone, which is INTEGER: make it BOOLEAN, such as (status = 'deleted') AS "gone"`,
    ]);
  });
});
