/** A stretch of time: milliseconds since the epoch, the end excluded. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A window is not cut below this: so many entries in it that they do not fit are an account's, not a pipeline's. */
const narrowestMs = 60_000;
/** Calls at most: each is a statement. Halving a week to minutes takes 14 for one busy minute. */
const callsMax = 200;

/**
 * Reads a history that gives at most `entriesMax` entries at a time: a window that is full is read again as two halves.
 * `complete` is false where even the narrowest was full, or there were too many of them.
 */
export async function readWindows<Entry>(
  whole: Window,
  entriesMax: number,
  read: (window: Window) => Promise<readonly Entry[]>,
): Promise<{ readonly entries: readonly Entry[]; readonly complete: boolean }> {
  const entries: Entry[] = [];
  const open: Window[] = [whole];
  let complete = true;
  for (let calls = 0; open.length > 0; calls++) {
    if (calls === callsMax) return { entries, complete: false };
    const window = open.pop()!;
    const found = await read(window);
    const { fromMs, toMs } = window;
    if (found.length < entriesMax || toMs - fromMs <= narrowestMs) {
      entries.push(...found);
      complete &&= found.length < entriesMax;
    } else {
      const middleMs = Math.floor((fromMs + toMs) / 2);
      open.push({ fromMs: middleMs, toMs }, { fromMs, toMs: middleMs });
    }
  }
  return { entries, complete };
}
