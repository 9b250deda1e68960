/** First pause after a lost connection: a broker that changes its leader is back within it. */
const backoffFirstMs = 250;
/** Longest pause: how late a system that came back may be noticed. */
const backoffMaxMs = 30_000;

/** First pause before a split is claimed again that another owner took: longer than a group's heartbeat, which tells a paused reader that it lost the split. */
const reclaimFirstMs = 5_000;
/** Longest such pause. Two readers that both believe they own a split disturb each other at most this often. */
const reclaimMaxMs = 60_000;

/** Time without a conflict after which the next one counts as the first. Twice the longest pause: rivals that keep it are still rivals. */
export const calmMs = 2 * reclaimMaxMs;

/**
 * Pause before the next try of a call that found no connection. `failures` counts from 1; `random` is in [0, 1).
 * Doubles from 250 ms to 30 s; the upper half is random, so that many pods do not come back in step.
 */
export function backoffMs(failures: number, random: number): number {
  const bound = Math.min(backoffFirstMs * 2 ** (failures - 1), backoffMaxMs);
  return bound / 2 + (bound / 2) * random;
}

/** Pause before a split is claimed again after `conflicts` conflicts in a row, counting from 1. */
export function reclaimMs(conflicts: number): number {
  return Math.min(reclaimFirstMs * 2 ** (conflicts - 1), reclaimMaxMs);
}
