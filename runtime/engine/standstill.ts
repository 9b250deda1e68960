import type { Surroundings } from "./surroundings.ts";

/** Since when splits stand still that a change of the assignment moved, and what part of the pod's splits each was. */
export class Standstill {
  readonly #surroundings: Pick<Surroundings, "clock" | "report">;
  readonly #since = new Map<string, { readonly sinceMs: number; readonly share: number }>();
  /** True once the first splits were given: they are no change. */
  #begun = false;

  constructor(surroundings: Pick<Surroundings, "clock" | "report">) {
    this.#surroundings = surroundings;
  }

  /** These came and those went. `owned`: how many there are now. */
  change(gained: readonly string[], lost: readonly string[], owned: number): void {
    const { clock, report } = this.#surroundings;
    if (this.#begun && gained.length + lost.length > 0) {
      report.rebalance();
      const moved = { sinceMs: clock.now(), share: 1 / (owned + lost.length) };
      for (const id of [...gained, ...lost]) this.#since.set(id, moved);
    }
    this.#begun = true;
  }

  /** These are read, or others may read them. */
  over(splits: readonly string[]): void {
    const { clock, report } = this.#surroundings;
    for (const id of splits) {
      const moved = this.#since.get(id);
      if (moved !== undefined) report.stall((clock.now() - moved.sinceMs) * moved.share);
      this.#since.delete(id);
    }
  }
}
