import type { Position } from "../../../component/position.ts";
import { type ChannelNote, positionText } from "./channel-note.ts";
import type { ChannelStatus } from "./ingest-answer.ts";

/** A split that this sink holds: its channel, and what the positions table says of it. */
export class SplitChannel {
  readonly split: string;
  readonly channel: string;
  /** Where the split stands. */
  position: Position | null;
  /** The channel's committed token. */
  token: string | null;
  /** Continues the appends. */
  continuation: string;
  /** True: what the last append did is not known. */
  doubtful = false;
  /** Rejected rows of the channel, and how many of them were dealt with. */
  errors: number;
  errorsSettled: number;
  channelMs: number;
  /** When rows were last sent, in milliseconds since the epoch; the time it was opened before that. */
  sentMs: number;
  /** What the positions table has; `note` null: nothing. */
  noted: { position: Position | null; note: ChannelNote | null };
  /** True: whether the last note is in the positions table is not known, and so what it says. */
  noteDoubtful = false;

  constructor(split: string, channel: string, opened: SplitOpened) {
    this.split = split;
    this.channel = channel;
    this.position = opened.position;
    this.noted = opened.noted;
    this.token = opened.status.token;
    this.continuation = opened.continuation;
    this.errors = opened.status.errors;
    this.errorsSettled = opened.status.errors;
    this.channelMs = opened.status.createdMs;
    this.sentMs = opened.nowMs;
  }

  /** True where the positions table lets rows be sent: it does not say that none will be. */
  get mayAppend(): boolean {
    const { note } = this.noted;
    return note !== null && !note.final && !this.noteDoubtful;
  }

  /** True where the positions table says for certain that no rows will be sent. */
  get isClosed(): boolean {
    return this.noted.note?.final === true && !this.noteDoubtful;
  }

  /** True where the positions table does not have that rejected rows were dealt with. */
  get errorsToNote(): boolean {
    const { note } = this.noted;
    return this.errorsSettled !== (note?.channelMs === this.channelMs ? note.errors : 0);
  }

  /** The rejected rows so far are dealt with. */
  settleErrors(): void {
    this.errorsSettled = this.errors;
  }

  /** True where the positions table lacks what only it can keep: a move without rows, or rejected rows that are settled. */
  get isDirty(): boolean {
    if (this.errorsToNote) return true;
    const at = positionText(this.position);
    return at !== this.token && (at !== positionText(this.noted.position) || this.noted.note?.token !== this.token);
  }

  /** What the positions table is to have now. */
  note(final: boolean, nowMs: number): ChannelNote {
    return { token: this.token, final, errors: this.errorsSettled, channelMs: this.channelMs, atMs: nowMs };
  }
}

/** What a split was opened with. */
export interface SplitOpened {
  readonly position: Position | null;
  readonly noted: SplitChannel["noted"];
  readonly status: ChannelStatus;
  readonly continuation: string;
  readonly nowMs: number;
}
