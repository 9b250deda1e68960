import type { Move, Split } from "../component/position.ts";
import type { Sink } from "../component/sink.ts";
import type { Source, SplitProgress } from "../component/source.ts";
import { calmMs, reclaimMs } from "./backoff.ts";
import { type Loaded, lagOf, type SplitLag } from "./lag.ts";
import { persist } from "./persist.ts";
import { GivenUp, type Surroundings } from "./surroundings.ts";

/** Conflicts of a split that followed each other closely. */
interface Conflicts {
  readonly count: number;
  readonly atMs: number;
}

/** The splits that this reader owns and has open, how far each is loaded, and those it lost to another owner and waits for. */
export class OwnedSplits {
  readonly #source: Source;
  readonly #sink: Sink;
  readonly #surroundings: Surroundings;
  readonly #open = new Map<string, Split>();
  readonly #loaded = new Map<string, Loaded>();
  /** Where each split ended when it was first known: what `caughtUp` waits for. */
  readonly #goals = new Map<string, number>();
  /** Until when a split that another owner took is left to it. */
  readonly #heldBack = new Map<string, number>();
  readonly #conflicts = new Map<string, Conflicts>();

  constructor(source: Source, sink: Sink, surroundings: Surroundings) {
    this.#source = source;
    this.#sink = sink;
    this.#surroundings = surroundings;
  }

  /**
   * Asks the source what this reader owns, lets go of the rest, takes the new splits over in the sink and opens them where
   * they stand there. No batch may be in flight. Throws GivenUp when the pipeline is to stop.
   */
  async claim(): Promise<void> {
    const { stop, log } = this.#surroundings;
    const splits = await persist(() => this.#source.splits(stop), "source", stop, this.#surroundings);
    if (stop.aborted) throw new GivenUp();
    const owned = new Set(splits.map(({ id }) => id));
    for (const id of this.#heldBack.keys()) if (!owned.has(id)) this.#heldBack.delete(id);
    const lost = [...this.#open.keys()].filter((id) => !owned.has(id));
    for (const id of lost) this.#letGo(id);
    const nowMs = this.#surroundings.clock.now();
    const gained = splits.filter(({ id }) => !this.#open.has(id) && (this.#heldBack.get(id) ?? 0) <= nowMs);
    if (gained.length > 0) await this.#takeOver(gained);
    log.info(
      { owned: this.#open.size, gained: gained.length, lost: lost.length, heldBack: this.#heldBack.size },
      "splits claimed",
    );
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

  /** When a split that was lost to another owner may be claimed again; null where none is held back. */
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

  /** Notes where splits end that did not know it before. True when every split was read to that end. */
  readToEnd(): boolean {
    const progress = new Map(this.#source.progress().map((each) => [each.split, each]));
    let all = this.#heldBack.size === 0;
    for (const id of this.#open.keys()) {
      const { at, end } = progress.get(id) ?? { at: 0, end: null };
      if (end !== null && !this.#goals.has(id)) this.#goals.set(id, end);
      const goal = this.#goals.get(id);
      if (goal === undefined || at < goal) all = false;
    }
    return all;
  }

  lag(): readonly SplitLag[] {
    const nowMs = this.#surroundings.clock.now();
    return this.#source.progress().flatMap((progress: SplitProgress) => {
      const split = this.#open.get(progress.split);
      return split === undefined ? [] : [lagOf(split, { progress, loaded: this.#loaded.get(split.id), nowMs })];
    });
  }

  async #takeOver(splits: readonly Split[]): Promise<void> {
    const { stop, report } = this.#surroundings;
    const ids = splits.map(({ id }) => id);
    const positions = await persist(() => this.#sink.restore(ids), "sink", stop, this.#surroundings);
    if (positions.size > 0) report.resume();
    for (const split of splits) {
      await persist(() => this.#source.open(split, positions.get(split.id) ?? null), "source", stop, this.#surroundings);
      this.#open.set(split.id, split);
      this.#heldBack.delete(split.id);
    }
    const opened = new Set(ids);
    for (const { split, at } of this.#source.progress()) {
      if (opened.has(split)) this.#loaded.set(split, { at, timestampMs: this.#loaded.get(split)?.timestampMs ?? null });
    }
  }

  #letGo(id: string): void {
    this.#source.release(id);
    this.#open.delete(id);
  }
}
