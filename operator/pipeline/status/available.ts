import type { Situation } from "../decide/situation.ts";
import { servingPods } from "../decide/serving-pods.ts";
import type { Observed, ObservedPod } from "../observed.ts";
import type { Judgement } from "./judgement.ts";
import { allAsked } from "./told-conditions.ts";
import { troubleOf } from "../decide/pod-trouble.ts";

const type = "Available";
const silentHint =
  ". The pods do not answer the operator on port 9464, so lag, rates and totals are missing: a NetworkPolicy may keep it from them";

/** Whether rows arrive now: at least one pod reads and can load. What keeps the others is told. */
export function available({ observed, replicas, autoscaling, target, drain }: Situation): Judgement {
  if (target === null) return { type, status: "False", reason: "NothingRuns", message: "no pod has ever been wanted" };
  if (drain !== null && autoscaling !== null)
    return {
      type,
      status: "True",
      reason: "Idle",
      message: "there is nothing to load: no pod runs, and one is started within a minute of the next record",
    };
  if (drain !== null) return { type, status: "False", reason: drain.because, message: asleepMessage(drain.because) };
  const pods = servingPods(observed);
  const ready = observed.deployment?.status?.readyReplicas ?? 0;
  const trouble = troubleOf(pods, observed.deployment);
  const hint = areSilent(observed, pods) ? silentHint : "";
  if (ready >= replicas) return { type, status: "True", reason: "PodsReady", message: `${count(ready)} and can load${hint}` };
  if (ready > 0) {
    const why = trouble === null ? "" : `. ${trouble.message}`;
    return {
      type,
      status: "True",
      reason: "SomePodsReady",
      message: `not all of the ${replicas} pods are ready; the others do their work${why}${hint}`,
    };
  }
  if (trouble !== null) return { type, status: "False", reason: trouble.reason, message: trouble.message };
  return { type, status: "Unknown", reason: "PodsStarting", message: "no pod is ready yet" };
}

/** As long as not all were asked, such as after a start of the operator, it is what it was. */
function areSilent({ pipeline }: Observed, pods: readonly ObservedPod[]): boolean {
  if (!pods.some((pod) => pod.ready)) return false;
  if (allAsked(pods)) return pods.every(({ report }) => report === null);
  const before = pipeline.status?.conditions?.find((condition) => condition.type === type);
  return before?.message.endsWith(silentHint) ?? false;
}

const count = (ready: number): string => (ready === 1 ? "the pod reads" : `${ready} pods read`);

function asleepMessage(because: string): string {
  return because === "Suspended"
    ? "spec.suspend is true: no pod runs. Set it to false to go on from where the table stands"
    : "spec.replicas is 0: no pod runs. kubectl scale pipeline --replicas=1 goes on from where the table stands";
}
