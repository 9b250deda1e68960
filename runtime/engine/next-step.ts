/** Where reading stands. */
export interface Standing {
  /** The pipeline is to stop, or a later stage failed. */
  readonly stopped: boolean;
  readonly full: boolean;
  readonly empty: boolean;
  /** The transform is free to take the batch. */
  readonly transformFree: boolean;
  /** When the batch's first record is `everySeconds` old; null while it is empty. */
  readonly flushAtMs: number | null;
  readonly nowMs: number;
  /** Everything that was there is read, and that is where this run ends. */
  readonly readToEnd: boolean;
  /** When a split that was lost may be taken over again; null where there is none. */
  readonly reclaimAtMs: number | null;
}

/** What is to be done with the batch. */
export type Step =
  /** Read on. `dueAtMs`: when the answer will be another by time alone; null: never. */
  | { readonly kind: "read"; readonly dueAtMs: number | null }
  /** Pass the batch on, then go on reading, or end the flow. */
  | { readonly kind: "handOver"; readonly end: null | "stopped" | "caughtUp" };

/** What reading does next. Pure. A batch that is due while the transform is busy grows on: larger batches cost less. */
export function nextStep(standing: Standing): Step {
  const { nowMs, flushAtMs, reclaimAtMs } = standing;
  if (standing.stopped) return { kind: "handOver", end: "stopped" };
  if (standing.full) return { kind: "handOver", end: null };
  if (standing.readToEnd) return { kind: "handOver", end: "caughtUp" };
  const due = flushAtMs !== null && flushAtMs <= nowMs;
  if (due && standing.transformFree && !standing.empty) return { kind: "handOver", end: null };
  const times = [flushAtMs, reclaimAtMs].filter((time) => time !== null && time > nowMs);
  return { kind: "read", dueAtMs: times.length === 0 ? null : Math.min(...times.map((time) => time ?? nowMs)) };
}
