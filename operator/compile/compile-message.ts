import type { Problem } from "../../crds/check.ts";
import type { PipelineSpec } from "../../crds/kinds/pipeline.ts";
import type { CompiledMembers } from "../../transform/compile-pipeline.ts";

/** What compiling a pipeline's SQL tells. Plain data, a few kilobytes. */
export interface Verdict {
  /** Empty where the SQL is right. */
  readonly problems: readonly Problem[];
  /** What its owner should know all the same. */
  readonly warnings: readonly Problem[];
}

/** What the child is sent: one at a time. */
export interface CompileRequest {
  readonly members: CompiledMembers;
  readonly compileMsMax: number;
}

/** What the child sends. `ready` once, when it can take a request; `memory` just before it ends itself. */
export type CompileMessage =
  | { readonly kind: "ready" }
  /** `spent`: a thread may still be at SQL that was given up, so that this process is not to be used again. */
  | { readonly kind: "verdict"; readonly verdict: Verdict; readonly spent: boolean }
  | { readonly kind: "memory" };

/** The part of a spec that its SQL is compiled against: what else changes in a spec asks for no other verdict. */
export function compiledMembersOf({ source, transform, sink }: PipelineSpec): CompiledMembers {
  const streaming = sink.snowflake?.load.streaming !== undefined;
  const { mode } = sink.snowflake ?? sink.duckdb ?? { mode: null };
  const members = {
    source: source.kafka === undefined ? { files: { format: source.files.format } } : { kafka: { format: source.kafka.format } },
    ...(transform === undefined ? {} : { transform }),
    ...(mode === null
      ? {}
      : {
          sink: { [sink.snowflake === undefined ? "duckdb" : "snowflake"]: { mode, load: streaming ? { streaming: {} } : {} } },
        }),
  };
  // The compiler reads nothing of source and sink but these members.
  return members as unknown as CompiledMembers;
}
