import { setTimeout } from "node:timers/promises";
import type { FaultPlace, Faults } from "../faults.ts";
import { noAnswer, type WireResponse } from "./route.ts";

/**
 * Runs what a request is for, with the faults that strike it at this place: before it has an effect, and before its answer.
 * Where the answer may come before the effect ("in progress"), `effect` waits for it.
 */
export async function struck(
  faults: Faults,
  place: FaultPlace,
  handle: () => Promise<WireResponse>,
  effect: () => Promise<void> = async () => undefined,
): Promise<WireResponse> {
  const before = faults.take(["dropBefore", "answer", "delayBefore"], place);
  switch (before?.kind) {
    case "dropBefore":
      return noAnswer;
    case "answer":
      return {
        status: before.status,
        headers: { "retry-after": "0" },
        body: { code: String(before.status), message: "a fault on command" },
      };
    case "delayBefore":
      await setTimeout(before.ms);
      break;
    default:
  }
  const answer = await handle();
  const after = faults.take(["dropAfter", "delayAfter"], place);
  if (after !== null) await effect();
  if (after?.kind === "dropAfter") return noAnswer;
  if (after?.kind === "delayAfter") await setTimeout(after.ms);
  return answer;
}
