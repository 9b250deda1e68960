import { setTimeout } from "node:timers/promises";
import { NotConnected } from "../../../component/errors.ts";

/** Waits. Throws NotConnected where the sink is to end meanwhile: what was waited for is not known then. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch {
    throw new NotConnected("streaming: given up, the sink is to end");
  }
}
