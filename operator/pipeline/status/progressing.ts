import { annotation } from "../names.ts";
import { runsAlone } from "../decide/serving-pods.ts";
import type { Situation } from "../decide/situation.ts";
import type { Obstacle } from "../observed.ts";
import type { Judgement } from "./judgement.ts";

const type = "Progressing";

/** Whether the spec as it is now comes about. */
export function progressing({ observed, rollout, target, drain }: Situation): Judgement {
  const { obstacle, pipeline } = observed;
  const { generation = 0 } = pipeline.metadata;
  if (obstacle !== null) return { type, status: "False", ...obstacleText(obstacle) };
  switch (rollout.kind) {
    case "none":
      return {
        type,
        status: "Unknown",
        reason: "Waiting",
        message: "nothing runs before the spec is valid and what it refers to is there",
      };
    case "taken back": {
      const { revision, generation, reason, message } = rollout.failed;
      const again = rollout.failed.compared
        ? `Change the spec, or set the annotation ${annotation.roll} to another value to try it again`
        : "No pod of the last good spec was there to compare with: it is tried again once they are well";
      return {
        type,
        status: "False",
        reason: "RolloutFailed",
        message: `generation ${generation} (revision ${revision}) was taken back: ${withReason(reason, message)}. ${again}`,
      };
    }
    case "stuck":
      return {
        type,
        status: "False",
        reason: "RolloutFailed",
        message: `${withReason(rollout.trouble.reason, rollout.trouble.message)}. Nothing good is there to go back to: the pods go on trying`,
      };
    case "held":
      return {
        type,
        status: "Unknown",
        reason: "RolloutHeld",
        message: `${rollout.trouble.message}. The rollout waits`,
      };
    case "running":
      return {
        type,
        status: "True",
        pending: true,
        reason: "RollingOut",
        message: `generation ${generation} rolls out as revision ${target?.hash}: new pods have to read, transform and load${rollout.trouble === null ? "" : `. ${rollout.trouble.message}`}`,
      };
    case "asleep":
      return {
        type,
        status: "True",
        reason: drain?.because ?? "ScaledToZero",
        message: "no pod is wanted: there is nothing to roll out",
      };
    case "proven": {
      const done = target !== null && runsAlone(observed, target);
      return done
        ? { type, status: "True", reason: "RolledOut", message: `revision ${target.hash} runs` }
        : {
            type,
            status: "True",
            pending: true,
            reason: "RollingOut",
            message: `revision ${target?.hash}, which has proven itself before, rolls out`,
          };
    }
    default:
      return rollout satisfies never;
  }
}

/** The message alone where it says the reason itself. */
const withReason = (reason: string, message: string): string => (message.includes(reason) ? message : `${reason}: ${message}`);

function obstacleText(obstacle: Obstacle): Pick<Judgement, "reason" | "message"> {
  const { kind, object } = obstacle;
  if (kind === "refused")
    return {
      reason: "ChildRefused",
      message: `the API server refuses ${object}: ${obstacle.why}. Correct what it names, most likely in spec.pod; what ran before runs on`,
    };
  return {
    reason: "NameConflict",
    message: `${object} is there and belongs to somebody else: rename the Pipeline, or delete the ${object.split(" ")[0]}. It is left as it is`,
  };
}
