import type { Condition } from "../../../crds/kinds/condition.ts";

/** A condition before it is known since when it is so. */
export interface Judgement extends Pick<Condition, "type" | "status" | "reason" | "message"> {
  /** True, but not for good yet: Ready waits for it. */
  readonly pending?: boolean;
}

/** Most of a message that is kept, in characters: a condition is read by people, and a status has many. */
const messageCharsMax = 2000;

/** Gives judgements their generation and the moment since which they hold: that of the condition before where the status is the same. */
export function conditionsFrom(
  judgements: readonly Judgement[],
  { before, generation, now }: { before: readonly Condition[]; generation: number; now: string },
): readonly Condition[] {
  return judgements.map(({ type, status, reason, message }) => {
    const former = before.find((condition) => condition.type === type);
    return {
      type,
      status,
      observedGeneration: generation,
      lastTransitionTime: former?.status === status ? former.lastTransitionTime : now,
      reason,
      message: cut(message),
    };
  });
}

const cut = (message: string): string =>
  message.length <= messageCharsMax ? message : `${message.slice(0, messageCharsMax - 1)}…`;
