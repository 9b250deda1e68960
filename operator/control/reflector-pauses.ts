import { ApiError, isApiError } from "../kube/api-error.ts";

/** First pause after a failure; doubles each time. client-go's. */
const pauseFirstMs = 800;
/** Longest pause: how late the return of an API server may be noticed. */
const pauseMsMax = 30_000;
/** Longest pause that the server may ask for. */
const retryAfterMsMax = 60_000;
/** A watch that ends sooner than this without an event is a server that cannot watch, in milliseconds. */
const shortMs = 1_000;
/** A server ends a watch after this many seconds; half of it is random, so that not all watches of all clients begin at once. */
const watchSecondsMin = 300;

/** How long a watch may last, in seconds: 5 to 10 minutes. */
export const watchSeconds = (random: number): number => Math.floor(watchSecondsMin * (1 + random));

/**
 * Longest silence of a watch before its connection counts as lost. The API server sends a bookmark each minute, so that one late
 * by half of it is waited for.
 */
export const silenceMsMax = 85_000;

/** How a watch ended. */
export interface Ending {
  /** null: the server ended it, as it does after a while. */
  readonly error: unknown;
  readonly lastedMs: number;
  /** Anything was heard in it. */
  readonly heard: boolean;
}

/** Failures in a row, this one included; 0: it was none. After a watch that went well for longer than any pause, counting starts anew. */
export function failuresAfter(failures: number, { error, lastedMs, heard }: Ending): number {
  if (error === null && (heard || lastedMs >= shortMs)) return 0;
  return lastedMs > pauseMsMax ? 1 : failures + 1;
}

/** Pause before the next try, in milliseconds. `random` is in [0, 1). The upper half of it is random. */
export function pauseAfter(failures: number, { error }: Ending, random: number): number {
  if (failures === 0) return 0;
  // A version that is too old is nobody's fault, and to list again helps. If not, it waits like any failure.
  if (failures === 1 && isApiError(error, "Expired", "Gone")) return 0;
  const bound = Math.min(pauseFirstMs * 2 ** (failures - 1), pauseMsMax);
  const pause = bound / 2 + (bound / 2) * random;
  const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(pause, Math.min(asked, retryAfterMsMax));
}
