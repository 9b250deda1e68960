import type { Clock } from "../control/clock.ts";
import { keyText, type ObjectKey } from "../kube/object-key.ts";
import type { DepartedPod } from "./observed.ts";

/** How long a pod that is gone is remembered, in milliseconds: until the next status has what it told. */
const rememberedMs = 180_000;
/** Pods remembered of one pipeline: a status has no room for more. */
const perPipelineMax = 64;

/** The last of pods that are gone. Memory only: what went while no operator ran is not known. */
export interface DepartedPods {
  add(pipeline: ObjectKey, pod: DepartedPod): void;
  of(pipeline: ObjectKey): readonly DepartedPod[];
}

/** Remembers nobody yet. */
export function createDepartedPods(clock: Clock): DepartedPods {
  const byPipeline = new Map<string, readonly DepartedPod[]>();
  const recent = (pods: readonly DepartedPod[]) => pods.filter(({ atMs }) => clock.now() - atMs < rememberedMs);
  const sweep = (): void => {
    for (const [key, pods] of byPipeline) {
      const left = recent(pods);
      if (left.length === 0) byPipeline.delete(key);
      else byPipeline.set(key, left);
    }
  };
  let sweptMs = clock.now();
  return {
    add: (pipeline, pod) => {
      if (clock.now() - sweptMs >= rememberedMs) {
        sweptMs = clock.now();
        sweep();
      }
      const key = keyText(pipeline);
      byPipeline.set(key, [...recent(byPipeline.get(key) ?? []), pod].slice(-perPipelineMax));
    },
    of: (pipeline) => recent(byPipeline.get(keyText(pipeline)) ?? []),
  };
}
