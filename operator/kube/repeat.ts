import { ApiError } from "./api-error.ts";
import { NoAnswer } from "./no-answer.ts";

/**
 * What a second try of a request can do, when nothing is known of the first:
 * - `harmless`: reads, and writes that say the whole of what they want and of which object (a uid, or a resourceVersion).
 * - `harmful`: makes a second object, undoes what came in between, or hits another object of the same name.
 */
export type Repetition = "harmless" | "harmful";

/** Most tries of one request. With the pauses between them: about 8 s for a server that is away. */
const triesMax = 5;
/** First pause after a failure, in milliseconds; doubles each time. */
const pauseFirstMs = 500;
/** Longest pause that the server may ask for; more, and the caller is told to wait. */
const pauseMsMax = 15_000;
/** Said by load balancers and by servers that start or stop. */
const passing: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/**
 * Pause before the next try, in milliseconds; null: the failure is the caller's. `tries` counts those made, `random` is in [0, 1).
 * A 429 says that the server did not look at the request (priority and fairness, or it is about to stop); refused credentials
 * (401) are read anew, once.
 */
export function pauseBeforeRepeat(
  failure: unknown,
  { tries, random, repetition }: { readonly tries: number; readonly random: number; readonly repetition: Repetition },
): number | null {
  if (tries >= triesMax) return null;
  const jittered = pauseFirstMs * 2 ** (tries - 1) * (0.5 + random);
  if (failure instanceof NoAnswer) return failure.unsent || repetition === "harmless" ? jittered : null;
  if (!(failure instanceof ApiError)) return null;
  if (failure.code === 401) return tries === 1 ? 0 : null;
  if (failure.code !== 429 && !(passing.has(failure.code) && repetition === "harmless")) return null;
  // The server names whole seconds to all: a bit more, so that not all come back at once.
  const pauseMs = failure.retryAfterMs === null ? jittered : failure.retryAfterMs + pauseFirstMs * random;
  return pauseMs > pauseMsMax ? null : pauseMs;
}
