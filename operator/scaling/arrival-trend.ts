import type { Reading } from "./scaling-memory.ts";

/** Over how long pods average what they tell, in milliseconds: windowMs of the engine's rates and arrivals. */
export const averagedMs = 60_000;
/** How long what has changed is waited for until no average holds a moment of before, and a bit, in milliseconds. */
export const effectAfterMs = averagedMs + 15_000;
/** How far apart readings are at least, in milliseconds: pods are asked every 10 seconds, each at its own time. */
const readingEveryMs = 5_000;
/** How far apart they may be for the newest to say what arrived between, in milliseconds. */
const readingGapMsMax = 30_000;
/** Kept, in milliseconds: two averages after each other. */
const readingsKeptMs = 2 * averagedMs + readingGapMsMax;

/** With the reading, where it is not too soon after the last. */
export function withReading(before: readonly Reading[], reading: Reading): readonly Reading[] {
  const last = before.at(-1);
  if (last !== undefined && reading.atMs - last.atMs < readingEveryMs) return before;
  return [...before.filter(({ atMs }) => reading.atMs - atMs <= readingsKeptMs), reading];
}

/** What arrives just now, in records per second. */
export interface Arriving {
  readonly arrivalsPerSecond: number;
  /** At the partition at which most arrives. */
  readonly hottestPerSecond: number;
}

/**
 * What arrives just now. An average over a minute rises by a sixth of a jump in ten seconds; the difference of two averages, spread
 * over the time between them, is what has come in addition to what fell out of the window. Never less than the average. Null
 * where the readings do not tell: fewer than a minute of them since `sinceMs`, or too far apart.
 */
export function arrivingNow(readings: readonly Reading[], sinceMs: number): Arriving | null {
  const [before, last] = [readings.at(-2), readings.at(-1)];
  if (before === undefined || last === undefined) return null;
  const gapMs = last.atMs - before.atMs;
  // What falls out of the window arrived a minute ago: that minute's average stands for it.
  const fallen = readings.findLast(({ atMs }) => last.atMs - atMs >= averagedMs);
  if (fallen === undefined || fallen.atMs < sinceMs || gapMs > readingGapMsMax) return null;
  const now = (of: (reading: Reading) => number): number =>
    Math.max(of(fallen) + ((of(last) - of(before)) * averagedMs) / gapMs, of(last));
  return {
    arrivalsPerSecond: now(({ arrivalsPerSecond }) => arrivalsPerSecond),
    hottestPerSecond: now(({ hottestPerSecond }) => hottestPerSecond),
  };
}

/** Whether all readings of the last while found a lag, and there have been some for a minute at least since `sinceMs`. */
export function behindThroughout(readings: readonly Reading[], { sinceMs, nowMs }: { sinceMs: number; nowMs: number }): boolean {
  const recent = readings.filter(({ atMs }) => nowMs - atMs <= effectAfterMs);
  const first = recent[0];
  return first !== undefined && nowMs - Math.max(first.atMs, sinceMs) >= averagedMs && recent.every(({ behind }) => behind);
}
