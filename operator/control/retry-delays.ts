import type { Clock } from "./clock.ts";

/** First pause of a key that failed, in milliseconds: most failures are a conflict with a write of a moment ago. As client-go's. */
const pauseFirstMs = 5;
/** Longest pause of a key, in milliseconds: how late a fault that went away by itself may be noticed. As client-go's. */
const pauseMsMax = 1_000_000;
/** Retries of all keys together a second: when everything fails, the API server is not the one to be asked harder. As client-go's. */
const retriesPerSecond = 10;
/** Retries that may come at once before that rate holds. As client-go's. */
const retriesBurst = 100;

/** How long a key that failed waits. What it remembers of a key is bounded by who forgets keys that are well or gone. */
export interface RetryDelays {
  /** Counts a failure; in milliseconds, how long to wait: 5 ms doubling to 1000 s, longer when many keys fail. */
  next(key: string): number;
  /** The key is well. */
  forget(key: string): void;
  /** Failures in a row. */
  failures(key: string): number;
}

/** Pauses of the keys of one queue. */
export function createRetryDelays(clock: Clock): RetryDelays {
  const failures = new Map<string, number>();
  const reserve = createBucket(clock);
  return {
    next: (key) => {
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      return Math.max(Math.min(pauseFirstMs * 2 ** before, pauseMsMax), reserve());
    },
    forget: (key) => {
      failures.delete(key);
    },
    failures: (key) => failures.get(key) ?? 0,
  };
}

/** A bucket that may go into debt: each call takes a token and says, in milliseconds, when it is really there. */
function createBucket(clock: Clock): () => number {
  let tokens = retriesBurst;
  let filledMs = clock.monotonic();
  return () => {
    const nowMs = clock.monotonic();
    tokens = Math.min(retriesBurst, tokens + ((nowMs - filledMs) / 1000) * retriesPerSecond) - 1;
    filledMs = nowMs;
    return tokens >= 0 ? 0 : (-tokens / retriesPerSecond) * 1000;
  };
}
