import { openStageRelations } from "../copy/stage-relations.ts";
import type { QueryScope } from "../sql/query-scope.ts";
import { scopeOf } from "./scope-of.ts";
import type { StatementCall } from "./statement.ts";

/** A query's scope in which stages can be read, until it is disposed of. */
export interface StageScope extends AsyncDisposable {
  readonly text: string;
  readonly scope: QueryScope;
}

/** Opens the scope of a query. */
export async function stageScope(call: StatementCall): Promise<StageScope> {
  const scope = scopeOf(call);
  const stages = await openStageRelations(call);
  if (stages === null) return { text: call.text, scope, async [Symbol.asyncDispose]() {} };
  return {
    text: stages.text,
    scope: { ...scope, stage: (reference) => stages.relation(reference) },
    [Symbol.asyncDispose]: () => stages[Symbol.asyncDispose](),
  };
}
