import { type Drain, killedReason } from "../decide/drain.ts";
import type { Judgement } from "./judgement.ts";

const type = "Draining";
/** Pods that a message names. */
const namedMax = 3;

/** How far the pods have ended that are to end. */
export function draining({ left, overdue, done, killed }: Drain): Judgement {
  if (overdue.length > 0) return { type, status: "True", reason: "PodsOverdue", message: overdueMessage(overdue) };
  if (!done)
    return {
      type,
      status: "True",
      reason: killed === null ? "PodsEnding" : killedReason,
      message: killed ?? endingMessage(left.length),
    };
  if (killed !== null) return { type, status: "False", reason: killedReason, message: killed };
  return { type, status: "False", reason: "Drained", message: "no pod is left: what was read is loaded, or is read again" };
}

const endingMessage = (left: number): string =>
  left === 0 ? "the Deployment is to run no pod" : "pods load what they have read, then end";

function overdueMessage(overdue: Drain["overdue"]): string {
  const names = overdue.slice(0, namedMax).map(({ name, node }) => (node === "" ? name : `${name} on node ${node}`));
  const more = overdue.length > namedMax ? ` and ${overdue.length - namedMax} more` : "";
  return `pods should have ended by now: ${names.join(", ")}${more}. Where the node is gone for good, kubectl delete pod --force lets go of them`;
}
