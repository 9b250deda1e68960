/** Records, and how many of them were rejected. */
export interface RejectedSums {
  readonly records: number;
  readonly rejected: number;
}

/** Sums of the records that came within a time. */
export interface RejectedWindow {
  /** These came now. */
  add(sums: RejectedSums): void;
  /** Those of the window as it is now. */
  sums(): RejectedSums;
}

/** Parts that a window is kept in: what is counted may be older than the window by one of them. Bounds its memory. */
const slotsMax = 60;

/** The two together. */
export const plus = (a: RejectedSums, b: RejectedSums): RejectedSums => ({
  records: a.records + b.records,
  rejected: a.rejected + b.rejected,
});

/** A window of `overMs`. Empty at first. */
export function rejectedWindow(overMs: number, now: () => number): RejectedWindow {
  const slotMs = overMs / slotsMax;
  let slots: readonly { readonly sinceMs: number; readonly sums: RejectedSums }[] = [];
  return {
    add(sums) {
      const nowMs = now();
      const last = slots.at(-1);
      if (last !== undefined && nowMs - last.sinceMs < slotMs)
        slots = [...slots.slice(0, -1), { sinceMs: last.sinceMs, sums: plus(last.sums, sums) }];
      else slots = [...slots.filter(({ sinceMs }) => nowMs - sinceMs <= overMs), { sinceMs: nowMs, sums }];
    },
    sums() {
      const nowMs = now();
      return slots
        .filter(({ sinceMs }) => nowMs - sinceMs <= overMs)
        .reduce<RejectedSums>((all, { sums }) => plus(all, sums), { records: 0, rejected: 0 });
    },
  };
}
