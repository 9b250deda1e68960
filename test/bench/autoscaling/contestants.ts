import type { Contestant } from "./contestant.ts";
import { flink, flinkDefaults } from "./flink.ts";
import { keda } from "./keda.ts";
import { numaflow, numaflowDefaults } from "./numaflow.ts";
import { snowline } from "./snowline.ts";
import { podPerSecond, targetLagSeconds } from "./traces.ts";

/** Half of the target's worth of a pod's work: who knows what a pod carries would write it so. */
const tunedThreshold = (podPerSecond * targetLagSeconds) / 2;

/** Who is compared: ours, and each of the others with its defaults and tuned for a target of a minute. */
export const contestants: readonly Contestant[] = [
  snowline,
  numaflow("Numaflow", numaflowDefaults),
  numaflow("Numaflow, tuned", { lookbackSeconds: 60, cooldownSeconds: 30, replicasPerScale: 12 }),
  keda("KEDA + HPA", { lagThreshold: 10 }),
  keda("KEDA + HPA, tuned", { lagThreshold: tunedThreshold }),
  flink("Flink", flinkDefaults),
  flink("Flink, tuned", { metricsWindow: 120, stabilization: 30, catchUp: 120, restart: 10, scaleDownInterval: 300 }),
];
