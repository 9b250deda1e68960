/** What a continuation token says: for which opening of a channel, and which append comes next. */
export interface Continuation {
  /** Counts the openings of the channel. */
  readonly clientSequencer: number;
  /** Counts the appends since it was opened. */
  readonly rowSequencer: number;
}

/** The token's text, which clients do not look into. */
export function continuationToken({ clientSequencer, rowSequencer }: Continuation): string {
  return Buffer.from(`${clientSequencer}:${rowSequencer}`).toString("base64url");
}

/** Reads a token; null where it is none. */
export function readContinuationToken(token: string | null): Continuation | null {
  const parts = /^(?<client>\d+):(?<row>\d+)$/.exec(Buffer.from(token ?? "", "base64url").toString("latin1"))?.groups;
  return parts === undefined ? null : { clientSequencer: Number(parts["client"]), rowSequencer: Number(parts["row"]) };
}
