/** This process leads no longer: what it has not written yet is for another to write. */
export class LeadershipLost extends Error {
  override readonly name = "LeadershipLost";
}

/** One term of leading. */
export interface Leadership {
  /** Aborted with LeadershipLost when the term is over. The event loop tells it: a loop that was blocked learns late; see `isValid`. */
  readonly signal: AbortSignal;
  /** True while no other process can lead. Asks the clock, not the event loop: to be asked right before each write. */
  isValid(): boolean;
}
