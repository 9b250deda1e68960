import { NotConnected, Terminal } from "../../../component/errors.ts";
import type { SnowflakeSession } from "../../../snowflake/session.ts";
import { lockPatiently, positionsPatience } from "../lock-wait.ts";
import { claim, type Claimant, createPositions, stored } from "../positions.ts";
import type { SinkSetup } from "../sink-setup.ts";
import { channelName } from "./channel-name.ts";
import { readNote, standing, unsettledErrors } from "./channel-note.ts";
import { concurrently } from "./concurrently.ts";
import type { IngestClient } from "./ingest-client.ts";
import { foreignSplits } from "./notes.ts";
import { rejectedRowsQuery } from "./rejected-rows.ts";
import { SplitChannel } from "./split-channel.ts";

/** Rounds of claiming and opening while others claim the same splits. */
const roundsMax = 5;

/** What taking splits over works with. */
export interface ClaimOptions {
  readonly setup: SinkSetup;
  readonly session: SnowflakeSession;
  readonly client: IngestClient;
}

/**
 * Takes the splits over: first in the positions table, so that no earlier owner writes there any more, then by opening the channels, so
 * that none sends rows any more; what is read afterwards stays as it is. Whoever did both last owns both: one that finds its claim
 * gone after it has opened the channels does it again.
 */
export async function claimSplits(splits: readonly string[], options: ClaimOptions): Promise<ReadonlyMap<string, SplitChannel>> {
  const { setup, session } = options;
  const claimant: Claimant = { positions: setup.names.positions, owner: setup.owner };
  await createPositions(session, claimant.positions);
  const found = new Map<string, SplitChannel>();
  let left = splits;
  for (let round = 1; left.length > 0; round++) {
    if (round > roundsMax)
      throw new NotConnected(`positions ${claimant.positions.sql}: others claim the same splits again and again`);
    const claiming = left;
    await lockPatiently(() => claim(session, claimant, claiming), session, setup, positionsPatience);
    const opened = await openAll(claiming, options);
    const taken = await foreignSplits(session, claimant, [...opened.values()]);
    for (const [split, channel] of opened) if (!taken.has(split)) found.set(split, channel);
    left = [...taken];
  }
  for (const channel of found.values()) requireSettled(channel, setup);
  return found;
}

/** Opens the channels and reads what the table has, in that order. */
async function openAll(
  splits: readonly string[],
  { setup, session, client }: ClaimOptions,
): Promise<ReadonlyMap<string, SplitChannel>> {
  const { context, names, owner } = setup;
  const opened = new Map<string, Awaited<ReturnType<IngestClient["open"]>>>();
  await concurrently(splits, async (split) => {
    opened.set(split, await client.open(channelName(context.pipeline, split)));
  });
  const inTable = await stored(session, { positions: names.positions, owner }, splits);
  const nowMs = context.now();
  return new Map(
    splits.map((split) => {
      const { continuation, status } = opened.get(split)!;
      const row = inTable.get(split) ?? { position: null, state: null };
      const noted = { position: row.position, note: readNote(row.state, split) };
      const stands = standing(noted, status);
      if (stands.kind === "gone") throw channelGone(split, setup);
      const { position } = stands;
      const channel = new SplitChannel(split, channelName(context.pipeline, split), {
        position,
        noted,
        status,
        continuation,
        nowMs,
      });
      channel.errorsSettled = status.errors - unsettledErrors(noted.note, status);
      return [split, channel];
    }),
  );
}

/** Rejected rows that an earlier run did not come to tell of. */
function requireSettled(channel: SplitChannel, { names, spec, context }: SinkSetup): void {
  const count = channel.errors - channel.errorsSettled;
  if (count <= 0) return;
  const query = rejectedRowsQuery(names.table, channel.channel);
  if (spec.load.streaming?.onRejectedRows !== "deadLetter") throw rowsRejected(channel, names.table, count);
  context.log.error(
    { split: channel.split, rows: count, query },
    "rows were rejected while an earlier run ended: they are in the error table only",
  );
  channel.errorsSettled = channel.errors;
}

/** What stops a pipeline with `onRejectedRows: stop`. */
export function rowsRejected({ channel, split }: SplitChannel, table: SinkSetup["names"]["table"], count: number): Terminal {
  return new Terminal(
    "RowsRejected",
    `table ${table.sql}: it refused ${count} rows of ${split}, and the other rows are loaded: look at them with ${rejectedRowsQuery(table, channel)} ` +
      "(needs ERROR_LOGGING on the table); correct the SQL or the table, and set load.streaming.onRejectedRows to deadLetter to go on",
  );
}

function channelGone(split: string, { names }: SinkSetup): Terminal {
  return new Terminal(
    "ChannelExpired",
    `split ${split}: its channel is gone (30 days without rows, another pipe, or the table was made anew) and nobody noted where it ended: ` +
      `look at the last rows in ${names.table.sql}, then write where to go on, ` +
      `UPDATE ${names.positions.sql} SET "POSITION" = '…', "STATE" = NULL WHERE "SPLIT" = '…', or DELETE its row to read it from the start`,
  );
}
