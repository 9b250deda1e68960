import type { SchemaEvolution } from "../../crds/table-rules.ts";
import type { Column, TargetColumn } from "../../transform/column.ts";
import { quoted } from "../../transform/duckdb-type.ts";

/** A column of a table that is there; `type` is in the warehouse's spelling. */
export interface TableColumn extends Column {
  readonly nullable: boolean;
  readonly hasDefault: boolean;
  /** The table computes it; nobody can load it. */
  readonly generated: boolean;
}

/** What rows bring for a column: the DuckDB type and the limits. */
export type Taken = Omit<TargetColumn, "name" | "nullable">;

/** How the SQL's column meets the one that is there. */
export type Meeting =
  | { readonly kind: "fits"; readonly taken: Taken }
  /**
   * The column is too narrow. `wider`: its new type in the warehouse's spelling, with `widened` for what it takes then. `loses`:
   * as it is, it would lose part of a value without an error.
   */
  | {
      readonly kind: "narrow";
      readonly taken: Taken;
      readonly wider: string;
      readonly widened: Taken;
      readonly loses: boolean;
    }
  /** Another family: only the owner can say what is meant, with a CAST to this DuckDB type; null: no value of the SQL can go there. */
  | { readonly kind: "refused"; readonly cast: string | null };

/** A warehouse's types and DDL, for one table. */
export interface TableDialect {
  meet(column: TableColumn, sql: Column): Meeting;
  /** The column that is made for the SQL's, in the warehouse's spelling; a text says why there is none, and what to do. */
  make(sql: Column): { readonly type: string; readonly taken: Taken } | string;
  createTable(columns: readonly Column[]): string;
  addColumn(column: Column): string;
  setType(column: Column): string;
}

/** What there is, and what is wanted. */
export interface TablePlanOptions {
  readonly dialect: TableDialect;
  /** The table's columns in order; null where there is no table. */
  readonly existing: readonly TableColumn[] | null;
  /** What the SQL yields. */
  readonly columns: readonly Column[];
  readonly evolution: SchemaEvolution;
  /** Upsert key; null when rows are appended. */
  readonly key: readonly string[] | null;
  /** Column that says that a row removes the one with its key; it is not stored. null: none. */
  readonly deleteWhen: string | null;
}

/** What has to be done, or why it may not be. */
export type TablePlan =
  /** After these statements (DDL, maybe none) the table takes `target`, in the table's order; `deleteWhen`'s column comes last. */
  | { readonly kind: "plan"; readonly statements: readonly string[]; readonly target: readonly TargetColumn[] }
  /** The manifest does not allow what it would take. Each problem is a sentence with the way out. */
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/**
 * What to do so that rows of these columns can be loaded. Pure. Names match whatever their case, as everywhere in DuckDB.
 * Columns are made without constraints: nullable, and no PRIMARY KEY for an upsert.
 */
export function planTable(options: TablePlanOptions): TablePlan {
  const { dialect, existing, deleteWhen } = options;
  const problems = [...keyProblems(options), ...deleteProblems(options), ...duplicates(options.columns)];
  const stored = options.columns.filter(({ name }) => deleteWhen === null || !isSame(name, deleteWhen));
  const statements: string[] = [];
  const target: TargetColumn[] = [];
  if (existing === null) {
    const made: Column[] = [];
    for (const column of stored) {
      const answer = dialect.make(column);
      if (typeof answer === "string") problems.push(answer);
      else {
        made.push({ name: column.name, type: answer.type });
        target.push({ ...answer.taken, name: column.name, nullable: true });
      }
    }
    statements.push(dialect.createTable(made));
  } else {
    for (const column of existing) {
      const met = keep(column, stored, options, { statements, problems });
      if (met !== null) target.push({ ...met, name: column.name, nullable: column.nullable });
    }
    for (const column of stored) {
      if (find(existing, column.name) !== undefined) continue;
      const answer = dialect.make(column);
      if (typeof answer === "string") {
        problems.push(answer);
        continue;
      }
      const statement = dialect.addColumn({ name: column.name, type: answer.type });
      if (options.evolution === "none") {
        problems.push(
          `column ${column.name} is not in the table: run ${statement}; or set schemaEvolution: addColumns; or leave it out of the SQL`,
        );
      }
      statements.push(statement);
      target.push({ ...answer.taken, name: column.name, nullable: true });
    }
  }
  if (deleteWhen !== null) target.push({ name: deleteWhen, type: "BOOLEAN", nullable: true });
  return problems.length > 0 ? { kind: "refused", problems } : { kind: "plan", statements, target };
}

interface Found {
  readonly statements: string[];
  readonly problems: string[];
}

/** What rows bring for a column that is there; null where it cannot be loaded. Notes the ALTER it takes, or the problem. */
function keep(column: TableColumn, stored: readonly Column[], options: TablePlanOptions, found: Found): Taken | null {
  const yielded = find(stored, column.name);
  if (column.generated) {
    if (yielded !== undefined) found.problems.push(`column ${column.name} is computed by the table: leave it out of the SQL`);
    return null;
  }
  if (yielded !== undefined) return meet(column, yielded, options, found);
  if (!column.nullable && !column.hasDefault) {
    found.problems.push(
      `column ${column.name} is NOT NULL without a default and the SQL does not yield it: add it to the SQL, or give it a default`,
    );
  }
  return { type: column.type };
}

function meet(column: TableColumn, yielded: Column, options: TablePlanOptions, found: Found): Taken {
  const answer = options.dialect.meet(column, yielded);
  switch (answer.kind) {
    case "fits":
      return answer.taken;
    case "narrow": {
      const statement = options.dialect.setType({ name: column.name, type: answer.wider });
      if (options.evolution === "widen") {
        found.statements.push(statement);
        return answer.widened;
      }
      if (answer.loses) {
        found.problems.push(
          `column ${column.name} is ${column.type} in the table and would lose part of the SQL's ${yielded.type}: run ${statement}; or set schemaEvolution: widen; or ${castAdvice(column, answer.taken.type)}`,
        );
      }
      return answer.taken;
    }
    case "refused": {
      const advice = answer.cast === null ? "leave it out of the SQL" : castAdvice(column, answer.cast);
      found.problems.push(
        `column ${column.name} is ${column.type} in the table, but ${yielded.type} in the SQL: ${advice}, or change the table`,
      );
      return { type: yielded.type };
    }
    default:
      return answer satisfies never;
  }
}

function castAdvice(column: Column, type: string): string {
  return `write CAST(… AS ${type}) AS ${quoted(column.name)} in the SQL`;
}

function keyProblems({ key, columns }: TablePlanOptions): string[] {
  return (key ?? [])
    .filter((name) => find(columns, name) === undefined)
    .map((name) => `mode.upsert.key names ${name}, which the SQL does not yield; it yields ${listed(columns)}`);
}

function deleteProblems({ key, columns, deleteWhen }: TablePlanOptions): string[] {
  if (deleteWhen === null) return [];
  const column = find(columns, deleteWhen);
  if (column === undefined)
    return [`mode.upsert.deleteWhen names ${deleteWhen}, which the SQL does not yield; it yields ${listed(columns)}`];
  if (key?.some((name) => isSame(name, deleteWhen)) === true)
    return [`mode.upsert.deleteWhen names ${deleteWhen}, which is in the key: name another column`];
  return column.type === "BOOLEAN"
    ? []
    : [
        `mode.upsert.deleteWhen names ${deleteWhen}, which is ${column.type}: make it BOOLEAN, such as (status = 'deleted') AS ${quoted(deleteWhen)}`,
      ];
}

function duplicates(columns: readonly Column[]): string[] {
  return columns
    .filter((column) => find(columns, column.name) !== column)
    .map((column) => `the SQL yields column ${column.name} twice: rename one with AS`);
}

function listed(columns: readonly Column[]): string {
  return columns.map(({ name }) => name).join(", ");
}

function find<C extends Column>(columns: readonly C[], name: string): C | undefined {
  return columns.find((column) => isSame(column.name, name));
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
