import type { Timing } from "../kube/timing.ts";

/** Longest delay that a timer of Node takes, in milliseconds; a longer one would fire at once. */
const timerMsMax = 2 ** 31 - 1;

/** Time as the control loop sees it. Tests bring their own. */
export interface Clock extends Timing {
  /** Milliseconds since the epoch, for what is shown and stored. It may jump. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // performance.now() begins anew in each thread.
  monotonic: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
  after: (delayMs, call) => {
    const timer = setTimeout(call, Math.min(delayMs, timerMsMax));
    return () => clearTimeout(timer);
  },
};
