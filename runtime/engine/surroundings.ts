import type { Logger } from "pino";
import type { Clock } from "./clock.ts";
import type { PipelineReport } from "./report.ts";

/** What every part of the engine works with: effects and the signals that end it. */
export interface Surroundings {
  readonly clock: Clock;
  /** In [0, 1). */
  random(): number;
  /** Milliseconds the event loop has worked so far: tells reading from waiting for records. */
  loopActiveMs(): number;
  readonly log: Logger;
  readonly report: PipelineReport;
  /** Read no more; what was read is still loaded. */
  readonly stop: AbortSignal;
  /** The grace period is over: give up at once. */
  readonly abandon: AbortSignal;
}

/** A signal ended the call before it had an answer. Only the engine throws and catches it. */
export class GivenUp extends Error {
  override readonly name = "GivenUp";
}

/** The call's answer, or GivenUp as soon as the signal is aborted: a call that hangs must not outlast the grace period. */
export async function orGivenUp<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    call.catch(() => {});
    throw new GivenUp();
  }
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new GivenUp());
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([call, promise]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
