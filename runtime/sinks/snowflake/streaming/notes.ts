import { NotConnected } from "../../../component/errors.ts";
import type { SnowflakeSession } from "../../../snowflake/session.ts";
import { lockPatiently, positionsPatience } from "../lock-wait.ts";
import { advance, type Claimant, stored } from "../positions.ts";
import type { SinkSetup } from "../sink-setup.ts";
import { noteText } from "./channel-note.ts";
import type { SplitChannel } from "./split-channel.ts";

/** Splits in one statement: its bind stays below a megabyte. */
const splitsMax = 2000;
/** One, another where an earlier note's answer was lost, and more for splits that others claim meanwhile. */
const roundsMax = 5;

/**
 * Writes where these splits stand into the positions table, and a note beside it. `final`: nothing will be sent after it without another
 * note before. Answers the splits that another owner has, whose rows there stay as they are.
 */
export async function writeNotes(
  session: SnowflakeSession,
  setup: SinkSetup,
  { channels, final }: { readonly channels: readonly SplitChannel[]; readonly final: boolean },
): Promise<ReadonlySet<string>> {
  const lost = new Set<string>();
  for (let at = 0; at < channels.length; at += splitsMax) {
    for (const split of await writePart(session, setup, { channels: channels.slice(at, at + splitsMax), final })) lost.add(split);
  }
  return lost;
}

async function writePart(
  session: SnowflakeSession,
  setup: SinkSetup,
  { channels, final }: { readonly channels: readonly SplitChannel[]; readonly final: boolean },
): Promise<ReadonlySet<string>> {
  const claimant: Claimant = { positions: setup.names.positions, owner: setup.owner };
  let lost: ReadonlySet<string> = new Set();
  let own = channels;
  for (let round = 1; own.length > 0; round++) {
    if (round > roundsMax) throw new NotConnected(`positions ${claimant.positions.sql}: they change while notes are written`);
    const nowMs = setup.context.now();
    const notes = new Map(own.map((channel) => [channel, channel.note(final, nowMs)]));
    const moves = own.map((channel) => ({
      split: channel.split,
      from: channel.noted.position,
      to: channel.position,
      state: noteText(notes.get(channel)!),
    }));
    for (const channel of own) channel.noteDoubtful = true;
    const changed = await lockPatiently(() => advance(session, claimant, moves), session, setup, positionsPatience);
    if (changed === own.length) {
      for (const [channel, note] of notes) {
        channel.noted = { position: channel.position, note };
        channel.noteDoubtful = false;
      }
      return lost;
    }
    lost = await foreignSplits(session, claimant, channels);
    own = channels.filter(({ split }) => !lost.has(split));
    // Ours, so that only a note of ours whose answer was lost can have moved it.
    const standing = await stored(
      session,
      claimant,
      own.map(({ split }) => split),
    );
    for (const channel of own) channel.noted = { ...channel.noted, position: standing.get(channel.split)?.position ?? null };
  }
  return lost;
}

/** Those of the splits that another owner has claimed. */
export async function foreignSplits(
  session: SnowflakeSession,
  { positions, owner }: Claimant,
  channels: readonly SplitChannel[],
): Promise<ReadonlySet<string>> {
  const { rows } = await session.execute(
    `SELECT P."SPLIT" FROM ${positions.sql} AS P JOIN (SELECT VALUE::VARCHAR AS "NAME" FROM TABLE(FLATTEN(INPUT => PARSE_JSON(?)))) AS S ON P."SPLIT" = S."NAME" WHERE P."OWNER" = ?`,
    { binds: [JSON.stringify(channels.map(({ split }) => split)), owner] },
  );
  const own = new Set(rows.map(([split]) => split));
  return new Set(channels.map(({ split }) => split).filter((split) => !own.has(split)));
}
