import type { NotConnected } from "../component/errors.ts";
import type { Move, Position, Split } from "../component/position.ts";
import type { Sink } from "../component/sink.ts";
import type { Source, SplitProgress } from "../component/source.ts";
import { backoffMs, calmMs, reclaimMs } from "./backoff.ts";
import { type Loaded, lagOf, recordsBehind, type SplitLag } from "./lag.ts";
import { attempt, noteReachable, persist } from "./persist.ts";
import { noteNotices } from "./source-notices.ts";
import { Standstill } from "./standstill.ts";
import { GivenUp, type Surroundings } from "./surroundings.ts";

/** Conflicts of a split that followed each other closely. */
interface Conflicts {
  readonly count: number;
  readonly atMs: number;
}

/** A split that could not be opened, and how often in a row. */
interface Unreachable {
  readonly failures: number;
  readonly error: string;
}

/** Splits that the sink has handed to this reader, and where each stands there. */
export interface TakenOver {
  readonly splits: readonly Split[];
  readonly positions: ReadonlyMap<string, Position>;
}

/**
 * The splits that this reader owns and has open, how far each is loaded, and those it lost or could not open and waits for.
 * What came with a change of the source's splits goes through `missing`, `restore` and `open`; what went through `leave` and
 * `drained`. The other splits are read on meanwhile.
 */
export class OwnedSplits {
  readonly #source: Source;
  readonly #sink: Sink;
  readonly #surroundings: Surroundings;
  readonly #open = new Map<string, Split>();
  readonly #loaded = new Map<string, Loaded>();
  /** When all of an open split was loaded last. */
  readonly #evenAtMs = new Map<string, number>();
  /** Where each split ended when it was first known, or ends now where that is less: what `caughtUp` waits for. */
  readonly #goals = new Map<string, number>();
  /** Until when a split is left alone: another owner took it, or it could not be opened. */
  readonly #heldBack = new Map<string, number>();
  readonly #conflicts = new Map<string, Conflicts>();
  readonly #unreachable = new Map<string, Unreachable>();
  /** True once the log says that this run waits for splits of other owners. */
  #waitTold = false;
  #notices: readonly string[] = [];
  /** What the source gave last. Another object each time, so that a split that went and came back is another one. */
  #owned: ReadonlyMap<string, Split> = new Map();
  /** Splits that went: records of them may be in the batch that is being read. */
  readonly #left = new Set<string>();
  /** Likewise, in batches that were handed over and are not yet loaded or given up. */
  readonly #draining = new Set<string>();
  readonly #standstill: Standstill;

  constructor(source: Source, sink: Sink, surroundings: Surroundings) {
    this.#source = source;
    this.#sink = sink;
    this.#surroundings = surroundings;
    this.#standstill = new Standstill(surroundings);
  }

  /** How many splits the source gave last, be they open or not. */
  get owned(): number {
    return this.#owned.size;
  }

  /** True where a split is not open that could be: neither held back nor still in a batch of ours. */
  get incomplete(): boolean {
    return this.#owned.size > this.#open.size && this.missing().length > 0;
  }

  /**
   * Asks the source what this reader owns, lets go of the rest, takes the new splits over in the sink and opens them where
   * they stand there. No batch may be in flight. Throws GivenUp when the pipeline is to stop.
   */
  async claim(): Promise<void> {
    await this.refresh();
    this.drained(this.leave());
    const gained = this.missing();
    if (gained.length > 0) await this.open(await this.restore(gained));
    this.noteNotices();
  }

  /**
   * Asks the source what this reader owns, and reads the rest no more. True where splits went of which a batch may hold records:
   * they have to be handed over soon. Throws GivenUp when the pipeline is to stop.
   */
  async refresh(): Promise<boolean> {
    const { stop, log } = this.#surroundings;
    const splits = await persist(() => this.#source.splits(stop), "source", stop, this.#surroundings);
    if (stop.aborted) throw new GivenUp();
    const before = this.#owned;
    this.#owned = new Map(splits.map((split) => [split.id, split]));
    for (const held of [this.#heldBack, this.#unreachable])
      for (const id of held.keys()) if (!this.#owned.has(id)) held.delete(id);
    const lost = [...this.#open.keys()].filter((id) => !this.#owned.has(id));
    for (const id of lost) {
      this.#letGo(id);
      this.#left.add(id);
    }
    const gained = splits.filter(({ id }) => !before.has(id)).map(({ id }) => id);
    this.#standstill.change(gained, lost, this.#owned.size);
    log.info(
      { owned: this.#owned.size, gained: gained.length, lost: lost.length, heldBack: this.#heldBack.size },
      "splits claimed",
    );
    // Nothing of this reader's is in the way of what the source may have waited for.
    if (this.#draining.size + this.#left.size === 0) this.#source.handOver?.();
    return lost.length > 0;
  }

  /** Splits of this reader that are to be taken over now. */
  missing(): readonly Split[] {
    const nowMs = this.#surroundings.clock.now();
    return [...this.#owned.values()].filter(
      ({ id }) => !this.#open.has(id) && !this.#left.has(id) && !this.#draining.has(id) && (this.#heldBack.get(id) ?? 0) <= nowMs,
    );
  }

  /** Takes splits over in the sink, which does nothing else meanwhile. Throws GivenUp when the pipeline is to stop. */
  async restore(splits: readonly Split[]): Promise<TakenOver> {
    const { stop, report } = this.#surroundings;
    const ids = splits.map(({ id }) => id);
    const positions = await persist(() => this.#sink.restore(ids), "sink", stop, this.#surroundings);
    if (positions.size > 0) report.resume();
    return { splits, positions };
  }

  /** Opens them where they stand in the sink, but for those that went meanwhile. The source does nothing else. Throws GivenUp likewise. */
  async open({ splits, positions }: TakenOver): Promise<void> {
    const still = splits.filter((split) => this.#owned.get(split.id) === split);
    // What is stored tells a source which splits are new, and so where the others begin.
    const inOrder = still.toSorted((a, b) => Number(positions.has(b.id)) - Number(positions.has(a.id)));
    for (const split of inOrder) await this.#openAt(split, positions.get(split.id) ?? null);
    this.#noteOpened();
    const opened = new Set(still.map(({ id }) => id));
    this.#standstill.over([...opened]);
    for (const { split, at } of this.#source.progress()) {
      if (opened.has(split)) this.#loaded.set(split, { at, timestampMs: this.#loaded.get(split)?.timestampMs ?? null });
    }
  }

  /** Splits that went since it was last asked. To be followed by `drained`, once what was read of them is loaded or given up. */
  leave(): readonly string[] {
    const left = [...this.#left];
    this.#left.clear();
    for (const id of left) this.#draining.add(id);
    return left;
  }

  /** No batch holds records of these any more. With the last such split the source hears of it: others may have them. */
  drained(splits: readonly string[]): void {
    for (const id of splits) this.#draining.delete(id);
    this.#standstill.over(splits);
    if (this.#draining.size + this.#left.size === 0) this.#source.handOver?.();
  }

  /** Every split is to be read again from where it stands in the sink; the conflicting ones only after a pause. */
  rewind(conflicting: readonly string[]): void {
    const nowMs = this.#surroundings.clock.now();
    for (const id of conflicting) {
      const before = this.#conflicts.get(id);
      const count = before === undefined || nowMs - before.atMs > calmMs ? 1 : before.count + 1;
      this.#conflicts.set(id, { count, atMs: nowMs });
      this.#heldBack.set(id, nowMs + reclaimMs(count));
    }
    for (const id of this.#open.keys()) this.#letGo(id);
  }

  /** When a split that was lost to another owner or could not be opened may be claimed again; null where none is held back. */
  reclaimAtMs(): number | null {
    return this.#heldBack.size === 0 ? null : Math.min(...this.#heldBack.values());
  }

  /** Where the moved splits stand now, to be given to `load` once the moves are durable. */
  standing(moves: readonly Move[]): ReadonlyMap<string, Loaded> {
    const moved = new Set(moves.map(({ split }) => split));
    return new Map(
      this.#source
        .progress()
        .filter(({ split }) => moved.has(split))
        .map(({ split, at, timestampMs }) => [split, { at, timestampMs }]),
    );
  }

  /** The moves are durable. */
  load(standing: ReadonlyMap<string, Loaded>): void {
    for (const [split, loaded] of standing) {
      if (this.#open.has(split)) this.#loaded.set(split, loaded);
    }
  }

  /** Tells what the source has to tell, and which splits are not read because they cannot be opened. */
  noteNotices(): void {
    const unread = [...this.#unreachable].map(([id, { error }]) => `${id}: is not read now (${error}); tries again by itself`);
    this.#notices = noteNotices([...(this.#source.notices?.() ?? []), ...unread], this.#notices, this.#surroundings);
  }

  /**
   * Notes where splits end that did not know it before. True when every split that there is, whoever owned it before, is open
   * here and was read to that end.
   */
  readToEnd(): boolean {
    const progress = new Map(this.#source.progress().map((each) => [each.split, each]));
    let all = true;
    for (const id of this.#open.keys()) {
      const { at, end } = progress.get(id) ?? { at: 0, end: null };
      // A topic that was made anew or cut may never come to where it once ended.
      if (end !== null) this.#goals.set(id, Math.min(this.#goals.get(id) ?? end, end));
      const goal = this.#goals.get(id);
      if (goal === undefined || at < goal) all = false;
    }
    return all && this.#hasAll();
  }

  /** True when no split is anybody else's. */
  #hasAll(): boolean {
    const total = this.total();
    if (total === null || this.incomplete) return false;
    const elsewhere = total - this.#open.size - this.#heldBack.size;
    if (elsewhere > 0 && !this.#waitTold) {
      this.#waitTold = true;
      this.#surroundings.log.info(
        { open: this.#open.size, elsewhere, total },
        "caught up but for splits that another owner holds",
      );
    }
    return elsewhere <= 0 && this.#heldBack.size === 0;
  }

  /** How many splits there are in all, whoever reads them; null where the source does not know. */
  total(): number | null {
    return this.#source.splitsTotal === undefined ? this.#open.size + this.#heldBack.size : this.#source.splitsTotal();
  }

  /** How far each open split is read, and where it ends. */
  progress(): readonly SplitProgress[] {
    return this.#source.progress().filter(({ split }) => this.#open.has(split));
  }

  lag(): readonly SplitLag[] {
    const nowMs = this.#surroundings.clock.now();
    return this.#source.progress().flatMap((progress: SplitProgress) => {
      const split = this.#open.get(progress.split);
      if (split === undefined) return [];
      const [loaded, evenAtMs] = [this.#loaded.get(split.id), this.#evenAtMs.get(split.id)];
      return [lagOf(split, { progress, loaded, evenAtMs }, nowMs)];
    });
  }

  /** Notes which splits are loaded to their end now. Called every second: what comes later is younger than that. */
  noteEven(all: readonly SplitProgress[]): void {
    const nowMs = this.#surroundings.clock.now();
    for (const progress of all)
      if (recordsBehind({ progress, loaded: this.#loaded.get(progress.split) }) === 0) this.#evenAtMs.set(progress.split, nowMs);
  }

  #noteOpened(): void {
    const message = [...this.#unreachable.values()].at(-1)?.error;
    if (this.#open.size > 0 || message === undefined) return noteReachable("source", this.#surroundings);
    this.#surroundings.report.observe({ type: "SourceReachable", status: "False", reason: "NotConnected", message });
  }

  /** One split that cannot be opened, such as a partition without a leader, must not hold up the others. */
  async #openAt(split: Split, position: Position | null): Promise<void> {
    const opened = await attempt(() => this.#source.open(split, position), this.#surroundings.stop, this.#surroundings);
    if (opened.kind === "failed") return this.#holdBack(split, opened.error);
    this.#open.set(split.id, split);
    this.#heldBack.delete(split.id);
    this.#unreachable.delete(split.id);
  }

  #holdBack({ id }: Split, error: NotConnected): void {
    const { clock, random, report, log } = this.#surroundings;
    const failures = (this.#unreachable.get(id)?.failures ?? 0) + 1;
    const pauseMs = backoffMs(failures, random());
    this.#unreachable.set(id, { failures, error: error.message });
    this.#heldBack.set(id, clock.now() + pauseMs);
    report.metrics.retries.inc({ component: "source" });
    log[failures === 1 ? "warn" : "debug"]({ split: id, error: error.message, failures, pauseMs }, "split not opened");
  }

  #letGo(id: string): void {
    this.#source.release(id);
    this.#open.delete(id);
    this.#evenAtMs.delete(id);
  }
}
