/** A record that makes the statement fail, and how. */
export interface Fault {
  readonly ordinal: number;
  readonly error: Error;
}

/** Where to look for the records at fault, and how. */
export interface NarrowOptions {
  /** First and last ordinal of the batch for which the statement failed. */
  readonly first: number;
  readonly last: number;
  /** Records that are probably at fault. Where they are, nobody else is looked for. */
  readonly suspects: readonly number[];
  /** Runs the statement over the records `from`..`to` alone. Null: it did not fail. Throws what is no record's fault. */
  probe(from: number, to: number): Promise<Error | null>;
  /** More probes than this mean that the statement is wrong, not the records. */
  readonly probesMax: number;
}

/**
 * Finds records at fault: those with which the statement fails when it reads nothing else, first among the suspects, else by
 * halving. Empty where only
 * several records together make it fail. Null: `probesMax` was not enough.
 */
export async function narrow({ first, last, suspects, probe, probesMax }: NarrowOptions): Promise<Fault[] | null> {
  const faults: Fault[] = [];
  let probes = 0;
  for (const ordinal of suspects) {
    if (++probes > probesMax) return null;
    const error = await probe(ordinal, ordinal);
    if (error !== null) faults.push({ ordinal, error });
  }
  if (faults.length > 0) return faults;
  const failing = [{ from: first, to: last }];
  for (let range = failing.pop(); range !== undefined; range = failing.pop()) {
    const middle = Math.floor((range.from + range.to) / 2);
    const halves =
      range.from === range.to
        ? [range]
        : [
            { from: range.from, to: middle },
            { from: middle + 1, to: range.to },
          ];
    for (const half of halves) {
      if (++probes > probesMax) return null;
      const error = await probe(half.from, half.to);
      if (error === null) continue;
      if (half.from === half.to) faults.push({ ordinal: half.from, error });
      else failing.push(half);
    }
  }
  return faults.toSorted((one, other) => one.ordinal - other.ordinal);
}
