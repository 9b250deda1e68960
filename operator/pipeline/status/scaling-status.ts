import type { PipelineStatus } from "../../../crds/kinds/pipeline-status.ts";
import type { ScalingStatus } from "../../../crds/kinds/scaling-status.ts";
import { storedMemory } from "../../scaling/stored-memory.ts";
import type { Autoscaling } from "../decide/autoscale.ts";
import type { Situation } from "../decide/situation.ts";
import { timestamp } from "./timestamp.ts";

/** Changes that are kept, and characters of their messages and of the whole: what the schema has room for. */
const decisionsMax = 5;
const decisionCharsMax = 512;
const messageCharsMax = 1_024;
const windowCharsMax = 256;
/** Digits of a number that mean something. */
const digits = 3;
/** Terms that are whole numbers. */
const wholeTerms: readonly string[] = ["partitions", "lagRecords", "alignedReplicas"];

/** What the autoscaler decided and why. While the pipeline is suspended it stays as it was: to go on with as many pods. */
export function scalingStatus({ observed, autoscaling }: Situation): Pick<PipelineStatus, "scaling"> {
  const { pipeline, nowMs } = observed;
  const before = pipeline.status?.scaling;
  if (autoscaling === null) return pipeline.spec.scaling === undefined || before === undefined ? {} : { scaling: before };
  if (autoscaling.isUninformed && before?.replicas === autoscaling.decision.replicas) return { scaling: before };
  const { decision, bounds, memory } = autoscaling;
  const change = changeOf(before, autoscaling, timestamp(nowMs));
  const decidedTime = change === null ? before?.decidedTime : change.time;
  const decisions = [...(change === null ? [] : [change]), ...(before?.decisions ?? [])].slice(0, decisionsMax);
  return {
    scaling: {
      replicas: decision.replicas,
      limiter: decision.limiter,
      message: cut(decision.message, messageCharsMax),
      ...(decidedTime === undefined ? {} : { decidedTime }),
      bounds: {
        min: bounds.min,
        max: bounds.max,
        ...(bounds.window === null ? {} : { window: cut(bounds.window, windowCharsMax) }),
      },
      terms: rounded(decision.terms),
      ...(decisions.length === 0 ? {} : { decisions }),
      memory: storedMemory(memory),
    },
  };
}

type Decision = NonNullable<ScalingStatus["decisions"]>[number];

/** Compared with what the status says, so that a change is told once, whoever comes to make it. */
function changeOf(before: ScalingStatus | undefined, { current, decision }: Autoscaling, time: string): Decision | null {
  const from = before?.replicas ?? current;
  const { replicas: to, limiter: reason, message } = decision;
  return from === to ? null : { time, from, to, reason, message: cut(message, decisionCharsMax) };
}

/** With as many digits as mean something, so that a status is not written for the others. What is no number is left out. */
function rounded(terms: NonNullable<ScalingStatus["terms"]>): NonNullable<ScalingStatus["terms"]> {
  const known = Object.entries(terms).filter(([, value]) => typeof value === "number" && Number.isFinite(value));
  return Object.fromEntries(known.map(([name, value]) => [name, wholeTerms.includes(name) ? Math.round(value) : short(value)]));
}

const short = (value: number): number =>
  Math.abs(value) >= 10 ** digits ? Math.round(value) : Number(value.toPrecision(digits));
const cut = (text: string, charsMax: number): string => (text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`);
