import type { QueryScope } from "./query-scope.ts";
import { rewrite } from "./rewrite.ts";
import type { Rewriting } from "./rewriting.ts";

/** For the rewriting of an expression that reads no table. */
export function freeExpression(scope: QueryScope): Rewriting {
  return {
    rewrite,
    scope,
    stages: [],
    withNames: new Set(),
    reads: new Map(),
    named: [],
    answers: new Map(),
    columns: new Map(),
    flattens: false,
    readsThis: false,
    depth: 0,
  };
}
