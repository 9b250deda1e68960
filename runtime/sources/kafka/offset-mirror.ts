import type { Logger } from "pino";
import { Wakeup } from "../../kafka/wakeup.ts";
import type { OffsetToCommit } from "./membership.ts";

/** What a mirror works with. */
export interface OffsetMirrorParts {
  readonly log: Logger;
  commit(offsets: readonly OffsetToCommit[]): Promise<void>;
  /** True while the partition is ours. */
  owned(topic: string, partition: number): boolean;
}

/** First and longest pause after a commit that did not work: in a rebalance the group takes one again within a second. */
const retryFirstMs = 200;
const retryMaxMs = 5_000;

/**
 * Copies what the warehouse holds into the consumer group's offsets, for tools that show lag and for who asks while no pod runs. One
 * commit at a time; what comes meanwhile is merged. The broker takes a commit from any member for any partition, so whether a
 * partition is ours is asked at the last moment. It never fails: what could not be committed is tried again.
 */
export class OffsetMirror {
  readonly #parts: OffsetMirrorParts;
  readonly #pending = new Map<string, OffsetToCommit>();
  readonly #ending = new AbortController();
  #running: Promise<void> | null = null;

  constructor(parts: OffsetMirrorParts) {
    this.#parts = parts;
  }

  /** To be committed. */
  note(offsets: readonly OffsetToCommit[]): void {
    for (const offset of offsets) this.#pending.set(nameOf(offset), offset);
    if (this.#pending.size > 0) this.#running ??= this.#run();
  }

  /** Resolves when nothing is left to commit, or time is up; what is left then is forgotten. */
  async settled(withinMs: number): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    await Promise.race([this.#running, late]);
    clearTimeout(timer);
    this.#pending.clear();
    this.#ending.abort();
  }

  async #run(): Promise<void> {
    try {
      for (let pauseMs = retryFirstMs; this.#pending.size > 0;) {
        if (await this.#commit()) pauseMs = retryFirstMs;
        else {
          await new Wakeup().wait(this.#ending.signal, pauseMs);
          pauseMs = Math.min(2 * pauseMs, retryMaxMs);
        }
      }
    } finally {
      // Together with the look at what is pending: a note after it runs anew.
      this.#running = null;
    }
  }

  /** False where it has to be tried again. */
  async #commit(): Promise<boolean> {
    const offsets = [...this.#pending.values()].filter(({ topic, partition }) => this.#parts.owned(topic, partition));
    this.#pending.clear();
    if (offsets.length === 0) return true;
    try {
      await this.#parts.commit(offsets);
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.log.debug({ reason }, "kafka offsets could not be mirrored");
      if (this.#ending.signal.aborted) return false;
      // What was noted meanwhile is newer.
      for (const offset of offsets) if (!this.#pending.has(nameOf(offset))) this.#pending.set(nameOf(offset), offset);
      return false;
    }
  }
}

const nameOf = ({ topic, partition }: OffsetToCommit): string => `${topic}/${partition}`;
