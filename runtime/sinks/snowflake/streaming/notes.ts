import type { SnowflakeSession } from "../../../snowflake/session.ts";
import { lockPatiently, positionsPatience } from "../lock-wait.ts";
import { advance, type Claimant } from "../positions.ts";
import type { SinkSetup } from "../sink-setup.ts";
import { noteText } from "./channel-note.ts";
import type { SplitChannel } from "./split-channel.ts";

/** Splits in one statement: its bind stays below a megabyte. */
const splitsMax = 2000;

/**
 * Writes where these splits stand into the positions table, and a note beside it. `final`: nothing will be sent after it without another
 * note before. Answers the splits that another owner has, whose rows there stay as they are.
 */
export async function writeNotes(
  session: SnowflakeSession,
  setup: SinkSetup,
  { channels, final }: { readonly channels: readonly SplitChannel[]; readonly final: boolean },
): Promise<ReadonlySet<string>> {
  const claimant: Claimant = { positions: setup.names.positions, owner: setup.owner };
  const lost = new Set<string>();
  for (let at = 0; at < channels.length; at += splitsMax) {
    const part = channels.slice(at, at + splitsMax);
    const nowMs = setup.context.now();
    const notes = part.map((channel) => channel.note(final, nowMs));
    const moves = part.map(({ split, position, noted }, index) => ({
      split,
      from: noted.position,
      to: position,
      state: noteText(notes[index]!),
    }));
    const changed = await lockPatiently(() => advance(session, claimant, moves), session, setup, positionsPatience);
    const taken = changed === part.length ? new Set<string>() : await foreignSplits(session, claimant, part);
    for (const [index, channel] of part.entries()) {
      if (taken.has(channel.split)) lost.add(channel.split);
      else channel.noted = { position: channel.position, note: notes[index]! };
    }
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
