/** Places of what is shared: number of the term, until when it holds, and when the main thread last turned (both in µs, monotonic). */
const place = { term: 0, validUntil: 1, beat: 2 } as const;

/**
 * A term of leading, shared between the thread that renews the lease and the one that acts as the leader. It is read without
 * waiting for messages: a thread that was blocked learns at once, before its next write, that its term is over.
 */
export interface SharedTerm {
  readonly buffer: SharedArrayBuffer;
  /** Begins the next term; its number, from 1. Only by who renews. */
  begin(validUntilMs: number): number;
  /** Only by who renews, and never after `end`. */
  extend(validUntilMs: number): void;
  /** Ends the term: it never holds again. Only by who renews. */
  end(): void;
  /** True while this very term holds. */
  isValid(term: number, nowMs: number): boolean;
  validUntilMs(): number;
  /** The main thread turns. */
  beat(nowMs: number): void;
  lastBeatMs(): number;
}

const microseconds = (ms: number): bigint => BigInt(Math.floor(ms * 1000));
const milliseconds = (us: bigint): number => Number(us) / 1000;

/** The view of one thread. Without a buffer it makes one, in which no term holds. */
export function openSharedTerm(buffer = new SharedArrayBuffer(3 * BigInt64Array.BYTES_PER_ELEMENT)): SharedTerm {
  const shared = new BigInt64Array(buffer);
  return {
    buffer,
    begin: (validUntilMs) => {
      // In this order no reader takes the new time for the old term's.
      Atomics.store(shared, place.validUntil, 0n);
      const term = Number(Atomics.add(shared, place.term, 1n)) + 1;
      Atomics.store(shared, place.validUntil, microseconds(validUntilMs));
      return term;
    },
    extend: (validUntilMs) => {
      Atomics.store(shared, place.validUntil, microseconds(validUntilMs));
    },
    end: () => {
      Atomics.store(shared, place.validUntil, 0n);
    },
    isValid: (term, nowMs) => {
      const validUntil = Atomics.load(shared, place.validUntil);
      return Number(Atomics.load(shared, place.term)) === term && microseconds(nowMs) < validUntil;
    },
    validUntilMs: () => milliseconds(Atomics.load(shared, place.validUntil)),
    beat: (nowMs) => {
      Atomics.store(shared, place.beat, microseconds(nowMs));
    },
    lastBeatMs: () => milliseconds(Atomics.load(shared, place.beat)),
  };
}
