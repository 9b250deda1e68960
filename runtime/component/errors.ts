/** The connection is gone. The engine tries the same call again, with backoff, and says so in the conditions. */
export class NotConnected extends Error {
  override readonly name = "NotConnected";
}

/** Retrying cannot help. The engine stops the pipeline and reports `reason` and `message` in its condition. */
export class Terminal extends Error {
  override readonly name = "Terminal";
  /** CamelCase, for the condition: `TableMissing`, `AuthenticationFailed`. */
  readonly reason: string;
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * One split's rows are more than the sink takes at once. Nothing of that split was written; the engine reads again from where
 * the splits stand, in batches of half the bytes, down to a single record, which it then rejects with this message.
 */
export class BatchTooLarge extends Error {
  override readonly name = "BatchTooLarge";
}

/** The table is no longer what `prepare` found. Nothing was written; the engine prepares again and repeats the batch. */
export class TargetChanged extends Error {
  override readonly name = "TargetChanged";
}
