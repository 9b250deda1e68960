/** One record that a case feeds in. What is not given is as a first record on a topic would have it. */
export interface CaseRecord {
  /** `value` is written in the manifest's format; `bytes` are the record's bytes as they are; null is a tombstone. */
  readonly content: { readonly value: object } | { readonly bytes: Buffer } | null;
  readonly key: Buffer | null;
  readonly headers: Readonly<Record<string, string | null>>;
  readonly topic: string | null;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
}

/** A record that must be rejected. */
export interface ExpectedReject {
  /** Which record of `input`, counted from 1. */
  readonly input: number;
  /** Text that the reason must contain; empty: any reason. */
  readonly error: string;
}

/** Records in, rows and rejects out. */
export interface TestCase {
  readonly name: string;
  /** Line in the case file. */
  readonly line: number;
  /** Pipeline it is for; null: the only one of the manifest. */
  readonly pipeline: string | null;
  readonly input: readonly CaseRecord[];
  /** Rows that stand in for a lookup's, by lookup. */
  readonly lookups: Readonly<Record<string, readonly object[]>>;
  /** Rows that must come out, in any order; a column that a row does not name is not compared. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly rejects: readonly ExpectedReject[];
}
