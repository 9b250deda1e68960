/** How long streaming waits, in milliseconds. Tests shorten it. */
export interface StreamingLimits {
  /** From the last append of a batch to its commit; then what it did is not known. Snowflake commits within 10 s. */
  readonly commitMs: number;
  /** First pause between two looks at the channels, doubled each time up to `lookMsMax`. */
  readonly lookMs: number;
  readonly lookMsMax: number;
  /** A commit that takes this long may have been fenced off: the positions table is asked whose the splits are, again and again. */
  readonly ownerMs: number;
  /** Moves without rows go to the positions table at once, but so often at most: each wakes the warehouse. */
  readonly moveMs: number;
  /** How often the table's columns are looked at while rows go into it, which takes no warehouse. */
  readonly tableMs: number;
  /** A split without rows for so long is noted as final, so that its position outlives the channel's 30 days. */
  readonly idleMs: number;
}

/** What is right for Snowflake. */
export const streamingLimits: StreamingLimits = {
  commitMs: 120_000,
  lookMs: 100,
  lookMsMax: 1000,
  ownerMs: 20_000,
  moveMs: 60_000,
  tableMs: 60_000,
  idleMs: 3_600_000,
};
