import type { Assembled } from "../../runtime/assemble.ts";
import type { Sink } from "../../runtime/component/sink.ts";
import { type ReasonCount, ReasonCounter } from "./reasons.ts";

/** Assembled parts that remember what the summary tells and the engine does not count. */
export interface WatchedParts {
  readonly parts: Assembled;
  /** Why records were rejected. */
  reasons(): readonly ReasonCount[];
  /** What the owner should know about the source, each a sentence. */
  notices(): readonly string[];
  /** True once the sink had a position: this is not the pipeline's first run. */
  resumed(): boolean;
}

/** Looks over the shoulder of a pipeline's parts. Disposing of `assembled` still closes them. */
export function watchParts(assembled: Assembled): WatchedParts {
  const { sink } = assembled;
  const deadLetters = assembled.deadLetters === null ? null : new ReasonCounter(assembled.deadLetters);
  let resumed = false;
  const watchedSink: Sink = {
    ...(sink.atomic === undefined ? {} : { atomic: sink.atomic }),
    ...(sink.rejectsLater === undefined ? {} : { rejectsLater: sink.rejectsLater }),
    prepare: (columns) => sink.prepare(columns),
    restore: async (splits) => {
      const positions = await sink.restore(splits);
      resumed ||= positions.size > 0;
      return positions;
    },
    write: (rows, moves) => sink.write(rows, moves),
    [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
  };
  return {
    parts: { ...assembled, sink: watchedSink, deadLetters },
    reasons: () => deadLetters?.counts() ?? [],
    notices: () => assembled.source.notices?.() ?? [],
    resumed: () => resumed,
  };
}
