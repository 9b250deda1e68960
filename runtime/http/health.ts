import type { EngineStatus } from "../engine/report.ts";
import { stages } from "../engine/stage-clock.ts";

/**
 * Longest one call of a source, a transform, a sink or dead letters may take before the pod is taken for stuck, in seconds.
 * Longer than the longest statement that still succeeds; connections that are gone are tried again and never take that long.
 */
export const stallSecondsMax = 900;

/** One answer of a probe. */
export interface Health {
  readonly ok: boolean;
  /** Why, in a sentence. */
  readonly message: string;
}
/** What Kubernetes' startup, readiness and liveness probes ask. */
export type Probe = "started" | "ready" | "live";

/**
 * Answers a probe from the engine's status. Pure. `ready` only for a pod that has shown that it works, so that a rollout takes no
 * good pod down for one that is merely connected. `live` fails only for a call that hangs: a restart helps nothing else.
 */
export function health(probe: Probe, status: EngineStatus): Health {
  switch (probe) {
    case "started":
      return {
        ok: status.started,
        message: status.started ? "started" : "the sink is not prepared yet, or no splits were opened",
      };
    case "ready": {
      const ready = status.conditions.find(({ type }) => type === "Ready");
      const reads = ready?.status === "True";
      return {
        ok: reads && status.proven,
        message: reads ? status.proof.message : (ready?.message ?? "the pipeline is starting"),
      };
    }
    case "live": {
      const stuck = stages.find((stage) => (status.stageCallSeconds[stage] ?? 0) > stallSecondsMax);
      if (stuck === undefined) return { ok: true, message: "the loop turns" };
      return {
        ok: false,
        message: `stage ${stuck}: a call has not come back for ${Math.round(status.stageCallSeconds[stuck] ?? 0)} s`,
      };
    }
    default:
      return probe satisfies never;
  }
}
