import type { Judgement } from "./judgement.ts";

/**
 * Ready: all the others hold, as Knative adds conditions up. The first False in their order is the reason, then the first that
 * is not known or pending. Draining is left out: what drains says so by itself. `lastGoodRuns`: pods of the last good spec do their
 * work, whatever is wrong with the spec as it is now; at night that is the first thing to know.
 */
export function readyFrom(judgements: readonly Judgement[], lastGoodRuns: boolean): Judgement {
  const counted = judgements.filter(({ type }) => type !== "Draining");
  const broken = counted.find(({ status }) => status === "False");
  if (broken !== undefined) {
    const blamesSpec = ["SpecValid", "ReferencesResolved", "Progressing"].includes(broken.type);
    const message = blamesSpec && lastGoodRuns ? `${broken.message}. Meanwhile the last good spec runs on` : broken.message;
    return { type: "Ready", status: "False", reason: broken.reason, message };
  }
  const open = counted.find(({ status, pending }) => status === "Unknown" || pending === true);
  if (open !== undefined) return { type: "Ready", status: "Unknown", reason: open.reason, message: open.message };
  const available = counted.find(({ type }) => type === "Available");
  // Nothing runs, and nothing has to.
  const reason = available?.reason === "Idle" ? available.reason : "Running";
  return { type: "Ready", status: "True", reason, message: available?.message ?? "" };
}
