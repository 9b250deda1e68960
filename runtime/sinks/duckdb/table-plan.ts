import type { SchemaEvolution } from "../../../crds/table-rules.ts";
import type { Column, TargetColumn } from "../../../transform/column.ts";
import { type DuckdbType, parseType, printType, quoted } from "../../../transform/duckdb-type.ts";
import { fit } from "./type-fit.ts";

/** A column of a table that is there. */
export interface TableColumn extends Column {
  readonly nullable: boolean;
  readonly hasDefault: boolean;
  /** The table computes it; nobody can load it. */
  readonly generated: boolean;
}

/** What there is, and what is wanted. */
export interface TablePlanOptions {
  /** The table as SQL names it in the statements: `"main"."orders"`. */
  readonly table: string;
  /** Its columns in order; null where there is no table. */
  readonly existing: readonly TableColumn[] | null;
  /** What the SQL yields. */
  readonly columns: readonly Column[];
  readonly evolution: SchemaEvolution;
  /** Upsert key; null when rows are appended. */
  readonly key: readonly string[] | null;
}

/** What has to be done, or why it may not be. */
export type TablePlan =
  /** After these statements (DDL, maybe none) the table takes `target`, in the table's order. */
  | { readonly kind: "plan"; readonly statements: readonly string[]; readonly target: readonly TargetColumn[] }
  /** The manifest does not allow what it would take. Each problem is a sentence with the way out. */
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/**
 * What to do so that rows of these columns can be loaded. Pure. Names match whatever their case, as everywhere in DuckDB.
 * A table is created without constraints: every column nullable, and no PRIMARY KEY for an upsert, whose statement keeps the
 * keys unique by itself. (Measured with 3 M rows: the index made the file 6 times larger and batches 2 to 20 times slower.)
 */
export function planTable(options: TablePlanOptions): TablePlan {
  const problems = [...keyProblems(options), ...duplicates(options.columns)];
  if (options.existing === null) {
    const columns = options.columns.map(({ name, type }) => `${quoted(name)} ${type}`).join(", ");
    const target = options.columns.map((column) => ({ ...column, nullable: true }));
    return problems.length > 0
      ? { kind: "refused", problems }
      : { kind: "plan", statements: [`CREATE TABLE ${options.table} (${columns})`], target };
  }
  const statements: string[] = [];
  const target: TargetColumn[] = [];
  for (const column of options.existing) {
    const yielded = find(options.columns, column.name);
    if (column.generated) {
      if (yielded !== undefined) problems.push(`column ${column.name} is computed by the table: leave it out of the SQL`);
      continue;
    }
    if (yielded === undefined && !column.nullable && !column.hasDefault) {
      problems.push(
        `column ${column.name} is NOT NULL without a default and the SQL does not yield it: add it to the SQL, or give it a default`,
      );
    }
    const type = yielded === undefined ? column.type : meet(column, yielded, options, { statements, problems });
    target.push({ name: column.name, type, nullable: column.nullable });
  }
  for (const column of options.columns) {
    if (find(options.existing, column.name) !== undefined) continue;
    const statement = `ALTER TABLE ${options.table} ADD COLUMN ${quoted(column.name)} ${column.type}`;
    if (options.evolution === "none") {
      problems.push(
        `column ${column.name} is not in the table: run ${statement}; or set schemaEvolution: addColumns; or leave it out of the SQL`,
      );
    }
    statements.push(statement);
    target.push({ ...column, nullable: true });
  }
  return problems.length > 0 ? { kind: "refused", problems } : { kind: "plan", statements, target };
}

/** The type rows come in for a column that is there; notes the ALTER that makes it so, or the problem. */
function meet(
  column: Column,
  yielded: Column,
  options: TablePlanOptions,
  into: { statements: string[]; problems: string[] },
): string {
  const [table, sql] = [parseType(column.type), parseType(yielded.type)];
  const answer = fit(table, sql);
  switch (answer.kind) {
    case "fits":
      return column.type;
    case "narrow": {
      const statement = `ALTER TABLE ${options.table} ALTER COLUMN ${quoted(column.name)} SET DATA TYPE ${printType(answer.wider)}`;
      if (options.evolution === "widen") {
        into.statements.push(statement);
        return printType(answer.wider);
      }
      if (answer.loses) {
        into.problems.push(
          `column ${column.name} is ${column.type} in the table and would lose part of the SQL's ${yielded.type}: run ${statement}; or set schemaEvolution: widen; or ${castAdvice(column, table)}`,
        );
      }
      return column.type;
    }
    case "refused":
      into.problems.push(
        `column ${column.name} is ${column.type} in the table, but ${yielded.type} in the SQL: ${castAdvice(column, table)}, or change the table`,
      );
      return column.type;
    default:
      return answer satisfies never;
  }
}

function castAdvice(column: Column, table: DuckdbType): string {
  return `write CAST(… AS ${printType(table)}) AS ${quoted(column.name)} in the SQL`;
}

function keyProblems({ key, columns }: TablePlanOptions): string[] {
  return (key ?? [])
    .filter((name) => find(columns, name) === undefined)
    .map(
      (name) =>
        `mode.upsert.key names ${name}, which the SQL does not yield; it yields ${columns.map((column) => column.name).join(", ")}`,
    );
}

function duplicates(columns: readonly Column[]): string[] {
  return columns
    .filter((column) => find(columns, column.name) !== column)
    .map((column) => `the SQL yields column ${column.name} twice: rename one with AS`);
}

function find<C extends Column>(columns: readonly C[], name: string): C | undefined {
  return columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
}
