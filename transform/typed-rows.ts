import {
  arrivalType,
  type Check,
  isNested,
  nestedChecks,
  nestedValue,
  scalarBad,
  scalarValue,
  textStructure,
  unfit,
} from "./cast.ts";
import type { Column } from "./column.ts";
import { quoted } from "./duckdb-type.ts";
import { literal, reservedPrefix } from "./sql-text.ts";
import { declaredType } from "./type.ts";

/** Columns as texts on their way to columns of their types. */
export interface TypedRows {
  /** A SELECT whose rows `values` and `checks` are computed over. */
  readonly staged: string;
  /** SQL of each column's value, in the columns' order. */
  readonly values: readonly string[];
  readonly checks: readonly (Check & { readonly column: string })[];
  /** SQL, true for a row of which some column does not fit its type; never NULL. */
  readonly bad: string;
}

/**
 * Casts `columns` of `relation`, where they stand as texts: VARCHAR for scalars, JSON text for nested types and JSON
 * (`arrivals` names them). The columns `kept` go along unchanged.
 */
export function typedRows(columns: readonly Column[], relation: string, kept: readonly string[]): TypedRows {
  const arriving: string[] = [];
  const staged: string[] = [];
  const values: string[] = [];
  const checks: (Check & { column: string })[] = [];
  for (const [index, { name, type: text }] of columns.entries()) {
    const type = declaredType(text);
    const x = `${reservedPrefix}x${index}`;
    const v = `${reservedPrefix}v${index}`;
    arriving.push(`${quoted(name)} AS ${x}`);
    if (isNested(type)) {
      staged.push(`json_transform(${x}, ${literal(textStructure(type))}) AS ${v}`);
      values.push(nestedValue(type, v));
      checks.push(...nestedChecks(type, { v, j: x, path: name }).map((check) => ({ ...check, column: name })));
    } else {
      const value = scalarValue(type, x);
      if (value !== x) staged.push(`${value} AS ${v}`);
      values.push(value === x ? x : v);
      const bad = scalarBad(type, x, v);
      if (bad !== null) checks.push({ path: name, complaint: unfit(type), bad, column: name });
    }
  }
  const inner = `SELECT ${[...kept.map(quoted), ...arriving].join(", ")} FROM ${relation}`;
  return {
    staged: staged.length === 0 ? inner : `SELECT *, ${staged.join(", ")} FROM (${inner})`,
    values,
    checks,
    bad: checks.length === 0 ? "false" : checks.map((check) => check.bad).join(" OR "),
  };
}

/** What the JSON or CSV reader is told about `columns`: `{'a': 'VARCHAR'}`. */
export function readerColumns(columns: readonly Column[]): string {
  return `{${columns.map(({ name, type }) => `${literal(name)}: ${literal(type)}`).join(", ")}}`;
}

/** The columns as they arrive: as texts. */
export function arrivals(columns: readonly Column[]): Column[] {
  return columns.map(({ name, type }) => ({ name, type: arrivalType(declaredType(type)) }));
}
