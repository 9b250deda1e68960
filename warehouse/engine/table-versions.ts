/** Which commits changed which tables: numbers that only grow, for this process. */
export class TableVersions {
  readonly #versions = new Map<number, number>();
  #current = 0;

  /** The number of the last commit. What began before a commit ended has a smaller one. */
  get current(): number {
    return this.#current;
  }

  /** A transaction that changed these tables has committed. */
  committed(tables: Iterable<number>): void {
    this.#current += 1;
    for (const table of tables) this.#versions.set(table, this.#current);
  }

  /** True where the table was changed after that number. */
  changedSince(table: number, version: number): boolean {
    return (this.#versions.get(table) ?? 0) > version;
  }
}
