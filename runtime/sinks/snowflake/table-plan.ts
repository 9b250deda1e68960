import type { Column, TargetColumn } from "../../../transform/column.ts";
import { parseType } from "../../../transform/duckdb-type.ts";
import { planTable, type TableColumn, type TableDialect, type TablePlanOptions } from "../../component/table-plan.ts";
import { nameCharactersMax, quotedName } from "../../snowflake/identifiers.ts";
import { columnName } from "./column-name.ts";
import { parseSnowflakeType, printSnowflakeType, type SnowflakeType } from "./snowflake-type.ts";
import { homeOfText } from "./stored-type.ts";
import { fit } from "./type-fit.ts";

/** What there is, and what is wanted. */
export interface SnowflakePlanOptions extends Omit<TablePlanOptions, "dialect"> {
  /** The table in SQL: `"DB"."PUBLIC"."ORDERS"`. */
  readonly table: string;
}

/** A column of the table in Snowflake. */
export interface StoredColumn {
  readonly name: string;
  readonly type: SnowflakeType;
}

/** What has to be done, or why it may not be. */
export type SnowflakePlan =
  | {
      readonly kind: "plan";
      /** DDL, maybe none. Each may run twice, or at the same time in two pods. */
      readonly statements: readonly string[];
      /** What rows bring, by the SQL's names. */
      readonly target: readonly TargetColumn[];
      /** Where they go, by the SQL's names; `deleteWhen`'s is not among them. */
      readonly stored: ReadonlyMap<string, StoredColumn>;
    }
  /** Each problem is a sentence with the way out. */
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/** The plan for a table in Snowflake. Pure. */
export function planSnowflakeTable({ table, ...options }: SnowflakePlanOptions): SnowflakePlan {
  const { existing, columns, deleteWhen } = options;
  const there = (name: string): TableColumn | undefined => existing?.find((column) => isSame(column.name, name));
  const storedName = (name: string): string => there(name)?.name ?? columnName(name);
  const problems = [...twins(existing ?? []), ...unfitNames(columns)];
  const plan = planTable({ ...options, dialect: dialectOf(table, storedName) });
  if (plan.kind === "refused") return { kind: "refused", problems: [...problems, ...plan.problems] };
  if (problems.length > 0) return { kind: "refused", problems };
  const target: TargetColumn[] = [];
  const stored = new Map<string, StoredColumn>();
  for (const column of plan.target) {
    const yielded = columns.find(({ name }) => isSame(name, column.name));
    if (yielded === undefined) continue;
    target.push({ ...column, name: yielded.name });
    if (deleteWhen !== null && isSame(deleteWhen, yielded.name)) continue;
    const type = there(yielded.name)?.type;
    stored.set(yielded.name, {
      name: storedName(yielded.name),
      type: type === undefined ? homeOfText(yielded.type)!.column : parseSnowflakeType(type),
    });
  }
  return { kind: "plan", statements: plan.statements, target, stored };
}

function dialectOf(table: string, storedName: (name: string) => string): TableDialect {
  const column = ({ name, type }: Column): string => `${quotedName(storedName(name))} ${type}`;
  return {
    make({ name, type }) {
      const home = homeOfText(type);
      return home === null
        ? `column ${name} is ${type}, which Snowflake has no column for: write CAST(… AS VARCHAR) AS ${quotedName(name)} in the SQL`
        : { type: printSnowflakeType(home.column), taken: home.taken };
    },
    meet: ({ type }, yielded) => fit(parseSnowflakeType(type), parseType(yielded.type)),
    createTable: (columns) => `CREATE TABLE IF NOT EXISTS ${table} (${columns.map(column).join(", ")})`,
    addColumn: (added) => `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${column(added)}`,
    setType: ({ name, type }) => `ALTER TABLE ${table} ALTER COLUMN ${quotedName(storedName(name))} SET DATA TYPE ${type}`,
  };
}

/** The SQL tells columns apart whatever their case, Snowflake by their case. */
function twins(existing: readonly TableColumn[]): string[] {
  return existing
    .filter(({ name }, at) => existing.findIndex((other) => isSame(other.name, name)) < at)
    .map(({ name }) => `column ${name}: the table has another one that differs only by case: rename one`);
}

function unfitNames(columns: readonly Column[]): string[] {
  return columns
    .filter(({ name }) => name === "" || name.length > nameCharactersMax)
    .map(
      ({ name }) =>
        `column ${name.slice(0, 20)}…: Snowflake takes names of 1 to ${nameCharactersMax} characters: rename it with AS`,
    );
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
