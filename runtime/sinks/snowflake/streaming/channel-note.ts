import { canonical, type Position } from "../../../component/position.ts";
import { Terminal } from "../../../component/errors.ts";

/**
 * What is kept beside a split's position in the positions table. The channel's own offset token is what says how far rows have come;
 * the position in the table stands for what the token cannot say: moves without rows, and where the token has expired.
 */
export interface ChannelNote {
  /** The channel's token when the position was written, as text: the position is that token's, or moves without rows after it. */
  readonly token: string | null;
  /** True: no rows were sent after this was written, so that the position holds even where the channel is gone. */
  readonly final: boolean;
  /** Rejected rows of the channel that were dealt with: made letters of, or told to the owner. */
  readonly errors: number;
  /** When the channel was made; another one counts its errors anew. */
  readonly channelMs: number;
  /** When this was written, in milliseconds since the epoch. */
  readonly atMs: number;
}

/** A channel as it was opened. */
export interface OpenedChannel {
  readonly token: string | null;
  readonly errors: number;
  readonly createdMs: number;
}

/** The note's text for the positions table. */
export function noteText(note: ChannelNote): string {
  return JSON.stringify({ streaming: 1, ...note });
}

/** Reads a note; null: none was written. Throws Terminal where another way of loading left something that is not finished. */
export function readNote(state: string | null, split: string): ChannelNote | null {
  if (state === null) return null;
  const note = JSON.parse(state) as ChannelNote & { readonly streaming?: unknown };
  if (note.streaming !== 1) {
    throw new Terminal(
      "LoadUnfinished",
      `split ${split}: the positions table says that another way of loading has not finished with it: run the pipeline with its former load once until it is drained, then change load`,
    );
  }
  return note;
}

/**
 * Where a split stands. Pure. With rows the channel's token moves on in the same commit, so a token that is not the one in the note is
 * newer than the position in the table: it counts alone. Where it is the one in the note, the position in the table is it or what
 * followed it without rows. Where there is no token, nothing was ever committed to this channel; the position in the table holds if
 * it is the channel of the note, or if nothing was sent after the note. `gone`: something may have been, to a channel that is not
 * there any more, so that nobody knows how far rows have come.
 */
export function standing(
  { position, note }: { readonly position: Position | null; readonly note: ChannelNote | null },
  { token, createdMs }: OpenedChannel,
): { readonly kind: "at"; readonly position: Position | null } | { readonly kind: "gone" } {
  if (token !== null) {
    return { kind: "at", position: note !== null && note.token === token ? position : (JSON.parse(token) as Position) };
  }
  const holds = note === null || note.final || (note.token === null && note.channelMs === createdMs);
  return holds ? { kind: "at", position } : { kind: "gone" };
}

/** Rejected rows of the channel that nobody has dealt with. */
export function unsettledErrors(note: ChannelNote | null, { errors, createdMs }: OpenedChannel): number {
  return errors - (note !== null && note.channelMs === createdMs ? note.errors : 0);
}

/** The text of a position, or null. */
export function positionText(position: Position | null): string | null {
  return position === null ? null : canonical(position);
}

/**
 * For other ways of loading, which do not see the channels: throws Terminal where rows may have been streamed after the position in the
 * table was written, as they would be loaded again.
 */
export function refuseStreamed(splits: ReadonlyMap<string, { readonly state: string | null }>): void {
  for (const [split, { state }] of splits) {
    const note = state === null ? null : (JSON.parse(state) as Partial<ChannelNote> & { readonly streaming?: unknown });
    if (note?.streaming !== 1 || note.final === true) continue;
    throw new Terminal(
      "StreamingUnfinished",
      `split ${split}: load.streaming did not come to note where it ended: set load back to streaming, and change it after the pipeline was stopped once in peace`,
    );
  }
}
