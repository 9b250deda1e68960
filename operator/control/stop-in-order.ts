import type { Logger } from "pino";
import { type Clock, sleep } from "./clock.ts";

/** One step of an orderly end. */
export interface StopStep {
  /** What ends: `controllers`, `events`, `lease`. */
  readonly name: string;
  /** Longest it may take, in milliseconds; then the next step begins without it. */
  readonly boundMs: number;
  stop(): PromiseLike<unknown> | void;
}

/**
 * Ends a process: one step after the other, since each needs what the next takes away. A step that fails or takes too long is
 * logged and left behind. The order of the control loop: what brings work in (webhook, watches' notifications), the controllers
 * in flight, what they still have to tell (status, events), the lease, and last the API connection and the health server. The
 * lease comes after every write, since another process writes from then on. The bounds together stay below the pod's
 * terminationGracePeriodSeconds.
 */
export async function stopInOrder(
  steps: readonly StopStep[],
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<void> {
  for (const { name, boundMs, stop } of steps) {
    const beganMs = clock.monotonic();
    const bound = new AbortController();
    const late = sleep(clock, boundMs, bound.signal).then(() => "late" as const);
    try {
      if ((await Promise.race([attempt(stop), late])) === "late")
        log.error({ step: name, boundMs }, "stopping takes too long; left behind");
      else log.debug({ step: name, tookMs: Math.round(clock.monotonic() - beganMs) }, "stopped");
    } catch (error) {
      log.error({ step: name, err: error }, "stopping failed; left behind");
    } finally {
      bound.abort();
    }
  }
}

async function attempt(stop: StopStep["stop"]): Promise<"done"> {
  await stop();
  return "done";
}
