import type { Logger } from "pino";
import type { OffsetToCommit } from "./membership.ts";

/** What a mirror works with. */
export interface OffsetMirrorParts {
  readonly log: Logger;
  commit(offsets: readonly OffsetToCommit[]): Promise<void>;
  /** True while the partition is ours. */
  owned(topic: string, partition: number): boolean;
}

/**
 * Copies what the warehouse holds into the consumer group's offsets, for tools that show lag. One commit at a time; what
 * comes meanwhile is merged. The broker takes a commit from any member for any partition, so whether a partition is ours
 * is asked at the last moment. It never fails: a commit that did not work is made good by the next one.
 */
export class OffsetMirror {
  readonly #parts: OffsetMirrorParts;
  readonly #pending = new Map<string, OffsetToCommit>();
  #running: Promise<void> | null = null;

  constructor(parts: OffsetMirrorParts) {
    this.#parts = parts;
  }

  /** To be committed. */
  note(offsets: readonly OffsetToCommit[]): void {
    for (const offset of offsets) this.#pending.set(`${offset.topic}/${offset.partition}`, offset);
    if (this.#pending.size > 0) this.#running ??= this.#run();
  }

  /** Resolves when nothing is left to commit. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#pending.size > 0) await this.#commit();
    } finally {
      // Together with the look at what is pending: a note after it runs anew.
      this.#running = null;
    }
  }

  async #commit(): Promise<void> {
    const offsets = [...this.#pending.values()].filter(({ topic, partition }) => this.#parts.owned(topic, partition));
    this.#pending.clear();
    if (offsets.length === 0) return;
    try {
      await this.#parts.commit(offsets);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.log.debug({ reason }, "kafka offsets could not be mirrored");
    }
  }
}
