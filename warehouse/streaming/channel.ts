import type { ObjectName } from "../engine/object-name.ts";

/** A channel's address. */
export interface ChannelKey {
  readonly pipe: ObjectName;
  readonly channel: string;
}

/** What is kept of a channel, together with the rows that it committed. */
export interface ChannelState {
  readonly key: ChannelKey;
  /** The table that its rows go to: a table that was made anew has another id, and its former channels are gone. */
  readonly tableId: number;
  readonly createdMs: number;
  readonly usedMs: number;
  readonly clientSequencer: number;
  /** `SUCCESS`, or why it has to be reopened. */
  readonly statusCode: string;
  readonly committedToken: string | null;
  readonly rowsInserted: number;
  readonly rowsParsed: number;
  /** Counted since it was created: reopening does not start anew. */
  readonly rowsErrors: number;
  readonly lastError: { readonly offsetUpperBound: string | null; readonly message: string; readonly atMs: number } | null;
}

/** `success`: the channel is valid. */
export const validStatus = "SUCCESS";

/** The channel's place in the maps, and in the database. */
export function keyText({ pipe, channel }: ChannelKey): string {
  return JSON.stringify([pipe.database, pipe.schema, pipe.name, channel]);
}

/** The channel's status as the API gives it. */
export function channelStatus(state: ChannelState): Readonly<Record<string, unknown>> {
  const { key, lastError } = state;
  return {
    database_name: key.pipe.database,
    schema_name: key.pipe.schema,
    pipe_name: key.pipe.name,
    channel_name: key.channel,
    channel_status_code: state.statusCode,
    last_committed_offset_token: state.committedToken,
    created_on_ms: state.createdMs,
    rows_inserted: state.rowsInserted,
    rows_parsed: state.rowsParsed,
    rows_error_count: state.rowsErrors,
    last_error_offset_upper_bound: lastError?.offsetUpperBound ?? null,
    last_error_message: lastError?.message ?? null,
    last_error_timestamp: lastError?.atMs ?? null,
    snowflake_avg_processing_latency_ms: 0,
  };
}
