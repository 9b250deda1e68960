import { keyText } from "../kube/object-key.ts";
import { keyOf } from "./dependents.ts";
import type { LivePod } from "./live-pod.ts";
import type { LivePipeline } from "./observed.ts";
import { index, type PipelineStores } from "./pipeline-stores.ts";
import type { PipelineTallies, Tally } from "./pipeline-tallies.ts";

/** A Pipeline with what is known of it besides. */
export interface KnownPipeline {
  readonly pipeline: LivePipeline;
  /** How often containers of the pods that are there have been started again. */
  readonly podRestarts: () => number;
  readonly tally: Tally;
}

/** All Pipelines of a scope, one after the other. Asks nobody. */
export function* knownPipelines(
  { pipelines, pods }: PipelineStores,
  tallies: Pick<PipelineTallies, "of">,
): Iterable<KnownPipeline> {
  for (const pipeline of pipelines.list()) {
    const key = keyOf(pipeline.metadata);
    const restarts = (): readonly number[] => pods.by(index.pipeline, keyText(key)).flatMap(restartsOf);
    const podRestarts = (): number => restarts().reduce((sum, count) => sum + count, 0);
    yield { pipeline, podRestarts, tally: tallies.of(key) };
  }
}

const restartsOf = ({ status }: LivePod): readonly number[] =>
  (status?.containerStatuses ?? []).map(({ restartCount = 0 }) => restartCount);
