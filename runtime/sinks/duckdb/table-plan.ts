import { parseType, printType, quoted } from "../../../transform/duckdb-type.ts";
import {
  planTable as planAnyTable,
  type TableDialect,
  type TablePlan,
  type TablePlanOptions as AnyTablePlanOptions,
} from "../../component/table-plan.ts";
import { fit } from "./type-fit.ts";

/** What there is, and what is wanted. */
export interface TablePlanOptions extends Omit<AnyTablePlanOptions, "dialect"> {
  /** The table as SQL names it in the statements: `"main"."orders"`. */
  readonly table: string;
}

/**
 * The plan for a table in a DuckDB file. Pure. There is no PRIMARY KEY for an upsert, whose statement keeps the keys unique by
 * itself. (Measured with 3 M rows: the index made the file 6 times larger and batches 2 to 20 times slower.)
 */
export function planTable({ table, ...options }: TablePlanOptions): TablePlan {
  return planAnyTable({ ...options, dialect: dialectOf(table) });
}

function dialectOf(table: string): TableDialect {
  return {
    make: ({ type }) => ({ type, taken: { type } }),
    meet({ type }, yielded) {
      const answer = fit(parseType(type), parseType(yielded.type));
      switch (answer.kind) {
        case "fits":
          return { kind: "fits", taken: { type } };
        case "narrow": {
          const wider = printType(answer.wider);
          return { kind: "narrow", taken: { type }, wider, widened: { type: wider }, loses: answer.loses };
        }
        case "refused":
          return { kind: "refused", cast: printType(parseType(type)) };
        default:
          return answer satisfies never;
      }
    },
    createTable: (columns) => `CREATE TABLE ${table} (${columns.map(({ name, type }) => `${quoted(name)} ${type}`).join(", ")})`,
    addColumn: ({ name, type }) => `ALTER TABLE ${table} ADD COLUMN ${quoted(name)} ${type}`,
    setType: ({ name, type }) => `ALTER TABLE ${table} ALTER COLUMN ${quoted(name)} SET DATA TYPE ${type}`,
  };
}
