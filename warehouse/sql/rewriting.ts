import type { ObjectName } from "../engine/object-name.ts";
import type { ColumnDefinition } from "../engine/table-definition.ts";
import type { Node } from "./polyglot.ts";
import type { QueryScope, StageReference } from "./query-scope.ts";

/** A table or view that a statement names. */
export interface NamedObject {
  readonly kind: "TABLE" | "VIEW";
  readonly name: ObjectName;
}

/** Makes a part of Snowflake's tree one of DuckDB's. */
export type Rewrite = (value: unknown, rewriting: Rewriting) => unknown;

/** What is known while one statement's tree is rewritten. */
export interface Rewriting {
  /** Rewrites a part of the tree. */
  readonly rewrite: Rewrite;
  readonly scope: QueryScope;
  readonly stages: readonly StageReference[];
  /** Names that WITH gives: they hide tables. */
  readonly withNames: ReadonlySet<string>;
  /** Tables that are read, by their names' keys. Filled on the way. */
  readonly reads: Map<string, ObjectName>;
  /** What the statement itself names: the role needs privileges on these, not on what views read. Filled on the way. */
  readonly named: NamedObject[];
  /** DuckDB's SQL for nodes whose answer had to be waited for: `information_schema`, RESULT_SCAN, SYSTEM$… */
  readonly answers: ReadonlyMap<Node, string>;
  /** Columns of all tables that are named, by their names: what a name in an expression may be. */
  readonly columns: ReadonlyMap<string, readonly ColumnDefinition[]>;
  /** FLATTEN is used, whose VALUE and THIS are variants. */
  readonly flattens: boolean;
  /** Something may read FLATTEN's THIS. */
  readonly readsThis: boolean;
  /** Views within views. */
  readonly depth: number;
}
