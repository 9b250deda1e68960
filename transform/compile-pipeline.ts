import type { PipelineSpec } from "../crds/kinds/pipeline.ts";
import { areProblems } from "./check-columns.ts";
import { type CompileOptions, compileTransform } from "./compile.ts";
import type { CompiledTransform, SqlProblem } from "./compiled.ts";
import { sourceColumns } from "./source-columns.ts";

/** What of a spec its SQL is compiled against. Without `sink`, as in a draft of which it is wrong, rows are added by copy. */
export type CompiledMembers = Pick<PipelineSpec, "source" | "transform"> & Partial<Pick<PipelineSpec, "sink">>;

/**
 * Compiles a pipeline's SQL against the columns it declares and the way its rows are loaded, without data and without reaching
 * anything outside. A list is what is wrong. The paths in it begin inside `spec`.
 */
export async function compilePipelineSpec(
  { source, transform, sink }: CompiledMembers,
  options: Pick<CompileOptions, "compileMsMax" | "database"> = {},
): Promise<CompiledTransform | SqlProblem[]> {
  const columns = sourceColumns(source);
  if (areProblems(columns)) return columns;
  const { deleteWhen } = upsertOf(sink) ?? {};
  return compileTransform({
    ...options,
    source: columns,
    transform,
    upsertKey: upsertKeyOf(sink),
    deleteWhen,
    upsertPath: `sink.${sink?.snowflake === undefined ? "duckdb" : "snowflake"}.mode.upsert`,
    perRecord: sink?.snowflake?.load.streaming !== undefined,
  });
}

/** Columns by which rows replace each other; null where rows are added. */
export function upsertKeyOf(sink: PipelineSpec["sink"] | undefined): readonly string[] | null {
  return upsertOf(sink)?.key ?? null;
}

const upsertOf = (sink: PipelineSpec["sink"] | undefined) => (sink?.duckdb ?? sink?.snowflake)?.mode.upsert;
