import { decideScaling } from "../../../operator/scaling/decide-scaling.ts";
import { startMemory } from "../../../operator/scaling/scaling-memory.ts";
import type { Contestant } from "./contestant.ts";
import { targetLagSeconds } from "./traces.ts";

/** How often the operator decides while pods run: whenever one of them has told something. */
const decideSeconds = 5;
/** How often a source is asked while none runs. */
const probeSeconds = 30;
/** What `scaling.scaleDownAfterSeconds` is by default. */
const scaleDownAfterSeconds = 300;

/** Snowline's autoscaler itself, with its defaults. */
export const snowline: Contestant = {
  name: "Snowline",
  start: () => {
    let memory = startMemory;
    return (view) => {
      const { second, replicas, trace } = view;
      if (second % (replicas === 0 ? probeSeconds : decideSeconds) !== 0) return null;
      const { memory: next, decision } = decideScaling(memory, {
        nowMs: second * 1_000,
        bounds: { min: trace.min, max: trace.partitions, window: null },
        targetLagSeconds,
        scaleDownAfterSeconds,
        replicas,
        partitions: trace.partitions,
        pods: view.reports(),
        settled: view.settled,
        probe: replicas === 0 ? view.probe() : null,
      });
      memory = next;
      return decision.replicas;
    };
  },
};
