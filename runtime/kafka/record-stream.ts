import { setImmediate as nextTurn } from "node:timers/promises";
import type { Batch } from "../component/batch.ts";
import type { ComponentContext } from "../component/context.ts";
import type { Position } from "../component/position.ts";
import type { RecordView } from "../component/record.ts";
import type { Read, SplitProgress } from "../component/source.ts";
import type { Cluster, Topic } from "./cluster.ts";
import { Fetcher } from "./fetcher.ts";
import type { KafkaLimits } from "./kafka-limits.ts";
import { type OpenSplit, PieceReader, type Taken } from "./piece-reader.ts";
import { Wakeup } from "./wakeup.ts";

/** What a stream works with. */
export interface RecordStreamParts {
  readonly cluster: Cluster;
  readonly context: ComponentContext;
  readonly limits: KafkaLimits;
  readonly fetchWaitMs: number;
  /** Puts a record into the batch. */
  take(record: RecordView, into: Batch): Taken;
  /** Resolves when a record that had to wait can be tried again. */
  prepare(record: RecordView): Promise<void> | undefined;
  /** Asked before each step: how a `read` has to end now, or null to go on. */
  interruption(): Read | null;
  /** What ended the reading for good besides the fetching. */
  failure(): Error | null;
}

/** Where to open a split. */
export interface OpenAt {
  readonly id: string;
  readonly topic: Topic;
  readonly partition: number;
  /** What is stored, which the first move starts from. */
  readonly position: Position | null;
  readonly offset: number;
  /** True: no record between `offset` and the end may be missing. */
  readonly stored: boolean;
  readonly pinned: boolean;
  readonly until?: number;
}

/** Reads records of partitions somebody else chooses: what a consumer group's member and a replay have in common. */
export class RecordStream implements AsyncDisposable {
  readonly #parts: RecordStreamParts;
  readonly #fetcher: Fetcher;
  readonly #pieces: PieceReader;
  readonly #wakeup = new Wakeup();
  readonly #open = new Map<string, OpenSplit>();

  constructor(parts: RecordStreamParts) {
    this.#parts = parts;
    const { cluster, context, limits, fetchWaitMs } = parts;
    this.#fetcher = new Fetcher({
      cluster,
      limits,
      waitMs: fetchWaitMs,
      log: context.log,
      now: () => context.now(),
      onChange: () => this.wake(),
    });
    this.#pieces = new PieceReader({
      fetcher: this.#fetcher,
      take: parts.take,
      wait: (record, signal) => this.#prepare(record, signal),
    });
  }

  /** The open splits by id. */
  get open(): ReadonlyMap<string, OpenSplit> {
    return this.#open;
  }

  /** Something happened that a waiting `read` (or `pause`) has to look at. */
  wake(): void {
    this.#wakeup.wake();
  }
  /** Resolves after the next `wake`, or when the signal aborts. */
  async pause(signal: AbortSignal): Promise<void> {
    await this.#wakeup.wait(signal, null);
  }

  /** Reads the partition from there on, once more if it is open already. */
  start(at: OpenAt): void {
    this.release(at.id);
    const leader = at.topic.leaders[at.partition];
    const split: OpenSplit = {
      id: at.id,
      position: at.position,
      at: at.offset,
      timestampMs: null,
      pinned: at.pinned,
      until: at.until ?? Infinity,
      fetched: {
        topic: at.topic.name,
        partition: at.partition,
        topicId: at.topic.id,
        offset: at.offset,
        stored: at.stored,
        end: null,
        leader: leader === undefined || leader.node < 0 ? null : leader.node,
        leaderEpoch: leader?.epoch ?? -1,
        bytesMax: this.#parts.limits.partitionBytesMax,
        badOffset: -1,
        badTimes: 0,
      },
    };
    this.#open.set(at.id, split);
    this.#pieces.add(split);
  }

  /** Reads the split no more. */
  release(id: string): void {
    const split = this.#open.get(id);
    if (split === undefined) return;
    this.#open.delete(id);
    this.#pieces.remove(split);
  }

  /** `Source.read`. */
  async read(into: Batch, signal: AbortSignal): Promise<Read> {
    if (!signal.aborted && this.#pin(into)) return { kind: "positioned" };
    for (let added = false; ;) {
      const interruption = this.#parts.interruption();
      if (interruption !== null) return interruption.kind === "ended" && added ? { kind: "read" } : interruption;
      if (added && into.full) return { kind: "read" };
      if (signal.aborted) return { kind: added ? "read" : "interrupted" };
      try {
        await this.#pieces.ready(signal);
      } catch (error) {
        // What was read before counts first; the next call meets the error again.
        if (added) return { kind: "read" };
        throw error;
      }
      if (signal.aborted) continue;
      const step = this.#pieces.step(into);
      if (added && !step.more) return { kind: "read" };
      added ||= step.moved;
      if (step.more) await nextTurn();
      else await this.#rest(signal);
    }
  }

  /** `Source.progress`. */
  progress(): readonly SplitProgress[] {
    return [...this.#open.values()].map((split) => this.#pieces.progress(split));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fetcher[Symbol.asyncDispose]();
  }

  /** Makes starts durable that the manifest's rule would not find again, such as `latest`: a move without a record. */
  #pin(into: Batch): boolean {
    const pinned = [...this.#open.values()].filter((split) => split.pinned);
    for (const split of pinned) this.#pieces.move(split, { topicId: split.fetched.topicId, offset: split.at }, into);
    return pinned.length > 0;
  }

  /** Waits for something to read. Throws what ended the reading, or why the brokers do not answer. */
  async #rest(signal: AbortSignal): Promise<void> {
    const failure = this.#fetcher.failure ?? this.#parts.failure();
    if (failure !== null) throw failure;
    const { trouble } = this.#fetcher;
    if (trouble === null) return this.#wakeup.wait(signal, null);
    const graceMs = trouble.sinceMs + this.#parts.limits.troubleGraceMs - this.#parts.context.now();
    if (graceMs <= 0) {
      // Who asks again at once must not keep the brokers' answers from being heard.
      await nextTurn();
      throw trouble.error;
    }
    return this.#wakeup.wait(signal, graceMs);
  }

  async #prepare(record: RecordView, signal: AbortSignal): Promise<void> {
    const prepared = this.#parts.prepare(record);
    if (prepared === undefined) throw new Error("format: it needs a schema but cannot prepare");
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const stop = () => resolve();
    signal.addEventListener("abort", stop, { once: true });
    await Promise.race([prepared, aborted]).finally(() => signal.removeEventListener("abort", stop));
  }
}
