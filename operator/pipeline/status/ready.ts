import type { Judgement } from "./judgement.ts";

/**
 * Ready: all the others hold, as Knative adds conditions up. The first False in their order is the reason, then the first that
 * is not known or pending. Draining is left out: what drains says so by itself.
 */
export function readyFrom(judgements: readonly Judgement[]): Judgement {
  const counted = judgements.filter(({ type }) => type !== "Draining");
  const broken = counted.find(({ status }) => status === "False");
  if (broken !== undefined)
    return { type: "Ready", status: "False", reason: broken.reason, message: whileServing(broken, counted) };
  const open = counted.find(({ status, pending }) => status === "Unknown" || pending === true);
  if (open !== undefined) return { type: "Ready", status: "Unknown", reason: open.reason, message: open.message };
  const available = counted.find(({ type }) => type === "Available");
  return { type: "Ready", status: "True", reason: "Running", message: available?.message ?? "" };
}

/** The first thing to know at night: whether rows still arrive. */
function whileServing(broken: Judgement, judgements: readonly Judgement[]): string {
  const blamesOld = ["SpecValid", "ReferencesResolved", "Progressing"].includes(broken.type);
  const serving = judgements.some(({ type, status, reason }) => type === "Available" && status === "True" && reason !== "Asleep");
  return blamesOld && serving ? `${broken.message}. Meanwhile the last good spec runs on` : broken.message;
}
