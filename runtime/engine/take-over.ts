import type { OwnedSplits, TakenOver } from "./owned-splits.ts";
import { GivenUp, type Surroundings } from "./surroundings.ts";

/** What a take-over works with. */
export interface TakeOverParts {
  readonly splits: OwnedSplits;
  readonly surroundings: Pick<Surroundings, "stop">;
  /** The sink's call in progress; null where there is none. None begins while a take-over is `running`. */
  loading(): Promise<void> | null;
  /** It is done, well or not. */
  onDone(): void;
  /** The sink refused, and will again. */
  onFailure(error: unknown): void;
}

/** Takes splits over in the sink between two loads, while others are read on. One take-over at a time. */
export class TakeOver {
  readonly #parts: TakeOverParts;
  #running: Promise<void> | null = null;
  #taken: TakenOver | null = null;

  constructor(parts: TakeOverParts) {
    this.#parts = parts;
  }

  /** Resolves when the sink is free again; null where no take-over is on its way. Never rejects. */
  get running(): Promise<void> | null {
    return this.#running;
  }

  /** Begins one where splits are missing and those of the one before have been asked for. */
  begin(): void {
    if (this.#running === null && this.#taken === null && this.#parts.splits.incomplete) this.#running = this.#run();
  }

  /** What is to be opened now; null where there is nothing. */
  take(): TakenOver | null {
    const taken = this.#taken;
    this.#taken = null;
    return taken;
  }

  async #run(): Promise<void> {
    const { splits, surroundings, loading, onDone, onFailure } = this.#parts;
    try {
      await loading();
      const missing = splits.missing();
      if (missing.length > 0) this.#taken = await splits.restore(missing);
    } catch (error) {
      if (!(error instanceof GivenUp && surroundings.stop.aborted)) onFailure(error);
    } finally {
      this.#running = null;
      onDone();
    }
  }
}
