import { NotConnected } from "../../../component/errors.ts";
import type { Position } from "../../../component/position.ts";
import { concurrently } from "./concurrently.ts";
import type { ChannelStatus } from "./ingest-answer.ts";
import type { IngestClient } from "./ingest-client.ts";
import type { StreamingLimits } from "./limits.ts";
import { pause } from "./pause.ts";
import type { SplitChannel } from "./split-channel.ts";

/** One split's rows. */
export interface Sending {
  readonly channel: SplitChannel;
  /** The committed token before the rows, or null; and with them. */
  readonly from: string | null;
  readonly to: string;
  readonly body: Buffer;
}

/** What sending works with. */
export interface SendOptions {
  readonly client: IngestClient;
  readonly limits: StreamingLimits;
  /** Aborted when the sink is to end. */
  readonly signal: AbortSignal;
  /** Milliseconds that only grow. */
  now(): number;
  /** Those of the splits that another owner has claimed. */
  foreign(channels: readonly SplitChannel[]): Promise<ReadonlySet<string>>;
}

/**
 * Sends each split's rows and waits until they are committed with their token. Answers the splits that another owner has by now. Throws
 * NotConnected where something is not known; those splits are marked doubtful then, and only they.
 */
export async function sendRows(sendings: readonly Sending[], options: SendOptions): Promise<ReadonlySet<string>> {
  const lost = new Set<string>();
  const failures: unknown[] = [];
  const taken: Sending[] = [];
  await concurrently(sendings, async (sending) => {
    const { channel, from, to, body } = sending;
    // Until the answer says what became of them.
    channel.doubtful = true;
    try {
      const appended = await options.client.append({
        channel: channel.channel,
        continuation: channel.continuation,
        from,
        to,
        body,
      });
      if (appended.kind === "taken") {
        channel.continuation = appended.continuation;
        taken.push(sending);
      } else if (appended.kind === "fenced") lost.add(channel.split);
      else failures.push(new NotConnected(`channel ${channel.channel}: it has to be opened again (${appended.code})`));
    } catch (error) {
      failures.push(error);
    }
  });
  try {
    for (const split of await committed(taken, options)) lost.add(split);
  } catch (error) {
    failures.push(error);
  }
  if (failures.length > 0) throw failures.find((error) => !(error instanceof NotConnected)) ?? failures[0];
  return lost;
}

/** Waits until every channel has the token that its rows were sent with. */
async function committed(
  taken: readonly Sending[],
  { client, limits, signal, foreign, now }: SendOptions,
): Promise<ReadonlySet<string>> {
  const lost = new Set<string>();
  const untilMs = now() + limits.commitMs;
  let ownerAtMs = now() + limits.ownerMs;
  let left = taken;
  for (let pauseMs = limits.lookMs; left.length > 0; pauseMs = Math.min(pauseMs * 2, limits.lookMsMax)) {
    const statuses = await look(left, client);
    if (statuses !== null) {
      left = left.filter((sending) => !arrived(sending, statuses.get(sending.channel.channel) ?? null, lost));
      const invalid = left.find(({ channel }) => statuses.get(channel.channel)?.valid !== true);
      if (invalid !== undefined)
        throw new NotConnected(`channel ${invalid.channel.channel}: it is not valid any more: it is opened again`);
    }
    if (left.length === 0) break;
    if (now() >= ownerAtMs) {
      const taken = await foreign(left.map(({ channel }) => channel));
      for (const split of taken) lost.add(split);
      left = left.filter(({ channel }) => !taken.has(channel.split));
      ownerAtMs = now() + limits.ownerMs;
    }
    if (now() >= untilMs)
      throw new NotConnected(
        `channel ${left[0]!.channel.channel}: rows are not committed after ${limits.commitMs / 1000} s (${left.length} splits)`,
      );
    await pause(pauseMs, signal);
  }
  return lost;
}

/** null: no answer; it is asked again, as the rows are on their way whatever the answer is. */
async function look(left: readonly Sending[], client: IngestClient): Promise<ReadonlyMap<string, ChannelStatus> | null> {
  try {
    return await client.statuses(left.map(({ channel }) => channel.channel));
  } catch (error) {
    if (error instanceof NotConnected) return null;
    throw error;
  }
}

/** True where nothing more is to be waited for: the rows are there, or the channel went another way. */
function arrived({ channel, from, to }: Sending, status: ChannelStatus | null, lost: Set<string>): boolean {
  if (status === null || status.token === from) return false;
  if (status.token !== to) {
    lost.add(channel.split);
    return true;
  }
  channel.token = to;
  channel.position = JSON.parse(to) as Position;
  channel.errors = status.errors;
  channel.doubtful = false;
  return true;
}
