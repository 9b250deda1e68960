import { NotConnected, Terminal } from "../component/errors.ts";
import { backoffMs } from "./backoff.ts";
import { sleep } from "./clock.ts";
import type { ConditionType } from "./conditions.ts";
import { GivenUp, orGivenUp, type Surroundings } from "./surroundings.ts";

/** Whose connection a call needs. */
export type Component = "source" | "sink" | "dead_letters";

const conditionOf: Readonly<Record<Component, ConditionType>> = {
  source: "SourceReachable",
  sink: "SinkReachable",
  dead_letters: "DeadLettersReachable",
};
const textOf: Readonly<Record<Component, string>> = { source: "source", sink: "sink", dead_letters: "dead letters" };

/** Notes that the component answered. */
export function noteReachable(component: Component, { report, log }: Surroundings): void {
  const changed = report.observe({
    type: conditionOf[component],
    status: "True",
    reason: "Connected",
    message: `${textOf[component]}: the last call was answered`,
  });
  if (changed) log.info({ component }, "connected");
}

/** Notes that the component could not be reached for the `failures`th time in a row, and answers how long to pause. */
export function noteUnreachable(error: NotConnected, component: Component, failures: number, surroundings: Surroundings): number {
  const { report, log, random } = surroundings;
  const pauseMs = backoffMs(failures, random());
  const changed = report.observe({
    type: conditionOf[component],
    status: "False",
    reason: "NotConnected",
    message: `${textOf[component]}: ${error.message} (tried ${failures} times, tries again by itself)`,
  });
  report.metrics.retries.inc({ component });
  log[changed ? "warn" : "debug"]({ component, error: error.message, failures, pauseMs: Math.round(pauseMs) }, "not connected");
  return pauseMs;
}

/** What a call answered, or that it found no connection. */
type Attempt<T> = { readonly kind: "answered"; readonly answer: T } | { readonly kind: "failed"; readonly error: NotConnected };

/**
 * Makes the call once. Throws what else than NotConnected it throws, and GivenUp once `signal` is aborted or the grace period
 * is over.
 */
export async function attempt<T>(
  call: () => Promise<T>,
  signal: AbortSignal,
  { abandon }: Pick<Surroundings, "abandon">,
): Promise<Attempt<T>> {
  if (signal.aborted) throw new GivenUp();
  try {
    return { kind: "answered", answer: await orGivenUp(call(), abandon) };
  } catch (error) {
    if (error instanceof NotConnected) return { kind: "failed", error };
    // A call that was interrupted may throw whatever it likes; only what must be told is.
    if (signal.aborted && !(error instanceof Terminal)) throw new GivenUp(undefined, { cause: error });
    throw error;
  }
}

/**
 * Makes the call until it is answered: NotConnected is tried again with backoff for as long as it takes. Throws what else
 * the call throws, and GivenUp once `signal` is aborted or the grace period is over.
 */
export async function persist<T>(
  call: () => Promise<T>,
  component: Component,
  signal: AbortSignal,
  surroundings: Surroundings,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    const attempted = await attempt(call, signal, surroundings);
    if (attempted.kind === "answered") {
      noteReachable(component, surroundings);
      return attempted.answer;
    }
    await sleep(surroundings.clock, noteUnreachable(attempted.error, component, failures, surroundings), signal);
  }
}
