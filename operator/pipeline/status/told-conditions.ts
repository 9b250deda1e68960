import type { Condition } from "../../../crds/kinds/condition.ts";
import type { ObservedPod } from "../observed.ts";
import type { Judgement } from "./judgement.ts";

/** Conditions that only the pods can know, in the order in which Ready blames them. */
const toldTypes = [
  "SourceReachable",
  "SourceAsExpected",
  "SinkReachable",
  "DeadLettersReachable",
  "LookupsFresh",
  "QualityAsExpected",
] as const;

/** What keeps no row from arriving: old lookups, data that is not as expected, fewer pods than are needed. It is shown, and Ready goes without it. */
const advisory: readonly string[] = ["LookupsFresh", "QualityAsExpected", "Scaling"];
/** True for a condition that Ready goes without. */
export const isAdvisory = (type: string): boolean => advisory.includes(type);

/** True where every pod that is ready was asked: before, what is known of them would be a part that looks like the whole. */
export const allAsked = (pods: readonly ObservedPod[]): boolean => pods.every(({ ready, asked }) => !ready || asked);

/**
 * What the pods say of the world around them, added up: one that cannot reach it speaks for all. As long as not all were asked it
 * is what it was. Where no pod answers, nothing is said.
 */
export function toldConditions(pods: readonly ObservedPod[], before: readonly Condition[]): readonly Judgement[] {
  if (!allAsked(pods)) return toldTypes.flatMap((type) => before.find((condition) => condition.type === type) ?? []);
  return toldTypes.flatMap((type): Judgement[] => {
    const told = pods.flatMap(({ name, report }) => {
      const condition = report?.conditions.find((condition) => condition.type === type);
      return condition === undefined ? [] : [{ name, condition }];
    });
    const of = (status: Condition["status"]) => told.filter(({ condition }) => condition.status === status);
    const worst = of("False")[0] ?? of("Unknown")[0] ?? told[0];
    if (worst === undefined) return [];
    const { status, reason, message } = worst.condition;
    const others = of(status).length < told.length ? ` (${of(status).length} of ${told.length} pods)` : "";
    return [{ type, status, reason, message: `${message}${others}` }];
  });
}
