import type { PipelineSink } from "../../crds/kinds/pipeline.ts";
import type { SchemaEvolution } from "../../crds/table-rules.ts";

/** What a plan says of a pipeline's target. */
export interface TargetLines {
  readonly lines: readonly string[];
  /** True: the pipeline could not load. */
  readonly refused: boolean;
}

/** How rows meet the table, in a sentence. */
export function howText(mode: NonNullable<PipelineSink["duckdb"]>["mode"], evolution: SchemaEvolution): string {
  const { upsert } = mode;
  const how = upsert === undefined ? "appended" : `upserted by ${upsert.key.join(", ")}`;
  const removed = upsert?.deleteWhen === undefined ? "" : `, removed where ${upsert.deleteWhen} is true`;
  return `Rows are ${how}${removed}; schemaEvolution is ${evolution}.`;
}

/** Lines two spaces further in. */
export const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);
