import type { Block, StepTaken, StepUnderWatch } from "./steps-taken.ts";

/** What one round of reports came to, as far as later decisions look back at it. */
export interface Reading {
  readonly atMs: number;
  /** Averaged over the minute before. */
  readonly arrivalsPerSecond: number;
  /** The same at the partition at which most arrives. */
  readonly hottestPerSecond: number;
  /** Of all pods together. */
  readonly recordsPerSecond: number;
  /** Of the pod that works most. */
  readonly busyFraction: number;
  /** Whether there was something to catch up. */
  readonly behind: boolean;
}

/** A number of pods that was enough, until when. */
export interface Enough {
  readonly replicas: number;
  readonly untilMs: number;
}

/** What one pod carries, in records per second: the newest measurements of each quality, oldest first. */
export interface CapacitySamples {
  /** From pods that worked for a good part of the time. */
  readonly work: readonly number[];
  /** From pods that waited for the sink for a good part of the time. */
  readonly wait: readonly number[];
  /** From pods that had little to do: what a small batch costs counts double in it. */
  readonly idle: readonly number[];
  /** When the last one was taken, in milliseconds since the epoch. */
  readonly atMs: number;
}

/** All that decisions know of the time before. Plain data that is never changed; its size is bounded. */
export interface ScalingMemory {
  readonly capacity: CapacitySamples;
  /** Seconds for which a change of the number of pods stopped reading, as pods tell it; null while none has told. */
  readonly rebalanceSeconds: number | null;
  /** Seconds from the wish for more pods until they worked; null while there was none. */
  readonly startSeconds: number | null;
  /** Pods that were to run at the last decision; null before the first. */
  readonly replicas: number | null;
  /** Changes of that number within the last hour, oldest first. */
  readonly steps: readonly StepTaken[];
  /** The last of them, while it is not known what it brought. */
  readonly watched: StepUnderWatch | null;
  readonly block: Block | null;
  /** Since when pods have neither started nor ended; null while some do. */
  readonly settledSinceMs: number | null;
  /** The other way round. */
  readonly unsettledSinceMs: number | null;
  /** Oldest first, of the last two minutes. */
  readonly readings: readonly Reading[];
  /** Since when it has been known without a gap how many pods would have been enough; null while it is not known. */
  readonly enoughSinceMs: number | null;
  /** The greatest of these numbers, falling: each held later than all greater ones. */
  readonly enough: readonly Enough[];
  /** True where nothing was ever loaded, so that only a running pod knows from where on to read. */
  readonly unread: boolean;
}

/** Nothing is known. */
export const startMemory: ScalingMemory = {
  capacity: { work: [], wait: [], idle: [], atMs: 0 },
  rebalanceSeconds: null,
  startSeconds: null,
  replicas: null,
  steps: [],
  watched: null,
  block: null,
  settledSinceMs: null,
  unsettledSinceMs: null,
  readings: [],
  enoughSinceMs: null,
  enough: [],
  unread: false,
};
