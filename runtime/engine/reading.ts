import type { Batch } from "../component/batch.ts";
import { NotConnected } from "../component/errors.ts";
import type { Read, Source } from "../component/source.ts";
import { sleep } from "./clock.ts";
import { nextStep, type Step } from "./next-step.ts";
import type { OwnedSplits } from "./owned-splits.ts";
import type { TakeOver } from "./take-over.ts";
import { noteReachable, noteUnreachable } from "./persist.ts";
import { isProven } from "./proof.ts";
import type { RejectedWatch } from "./quality.ts";
import { GivenUp, type Surroundings } from "./surroundings.ts";

/** Why reading ended; `claim`: the source has ended but for splits that are not open yet. */
export type ReadingEnd = "claim" | "ended" | "caughtUp" | "stopped";

/** What reading works with. */
export interface ReadingOptions {
  readonly source: Source;
  readonly splits: OwnedSplits;
  readonly surroundings: Surroundings;
  /** Milliseconds from a batch's first record until it is due. */
  readonly everyMs: number;
  readonly until: "stopped" | "caughtUp";
  readonly rejected: Pick<RejectedWatch, "gatherUntilMs" | "enough">;
  /** The transform is free to take a batch. */
  transformFree(): boolean;
  /** Nothing more is to be read. */
  stopped(): boolean;
  readonly takeOver: TakeOver;
  /** Splits went of which the batch being read holds nothing. */
  onLeft(): void;
}

/** How often a run that ends when it has caught up looks whether it has, while a read waits for records that may never come. */
const caughtUpLookMs = 50;

/** Longest a pod that has shown nothing yet keeps records before it loads them, in milliseconds. */
const provingMs = 5000;

/**
 * How long a read after a failure must have waited for records until the source counts as reached again, in milliseconds: where no
 * record comes it has no other way to say so. A source that still fails says so at once.
 */
const calmReadMs = 10_000;

/** Reads from the source into one batch after the other. */
export class Reading {
  readonly #options: ReadingOptions;
  /** Ends the read in progress, so that the loop looks again what to do. */
  #turn = new AbortController();
  #failures = 0;
  #retryAtMs = 0;
  #sinceMs: number | null = null;

  constructor(options: ReadingOptions) {
    this.#options = options;
  }

  /** When the first record of the last batch came; null where it had none. */
  get sinceMs(): number | null {
    return this.#sinceMs;
  }

  /** The loop looks again at once what to do: a later stage is free or failed, the pipeline is to stop. */
  wake(): void {
    if (this.#turn.signal.aborted) return;
    // From here on the call should be back soon: its age tells a source that hangs.
    this.#options.surroundings.report.stageClock.begin("read");
    this.#turn.abort();
  }

  /**
   * Reads until the batch is to be passed on; null: and reading is to go on. Throws Terminal and what else the source throws;
   * the batch may then have records without their move.
   */
  async fill(batch: Batch): Promise<ReadingEnd | null> {
    const { clock, report } = this.#options.surroundings;
    let firstAtMs: number | null = null;
    // Whoever gets the splits that went waits for what was read of them.
    let hurried = false;
    for (;;) {
      await this.#openTaken();
      if (firstAtMs === null && !batch.empty) firstAtMs = clock.now();
      this.#sinceMs = firstAtMs;
      const step = this.#step(batch, firstAtMs, hurried);
      if (step.kind === "handOver") {
        if (firstAtMs !== null)
          report.metrics.stageDuration.observe({ stage: "read" }, Math.max(clock.now() - firstAtMs, 0) / 1000);
        return step.end;
      }
      const read = await this.#read(batch, step.dueAtMs);
      if (read === "assignment") hurried = (await this.#reassign(batch)) || hurried;
      if (read === "ended") return this.#options.splits.incomplete ? "claim" : "ended";
      // Until its first position is durable, a split that starts at a moment would start at a later one after a crash.
      if (read === "positioned") return null;
    }
  }

  /** True where splits went of which the batch holds records. */
  async #reassign(batch: Batch): Promise<boolean> {
    const { splits, onLeft } = this.#options;
    const lost = (await this.#unlessStopped(() => splits.refresh())) ?? false;
    if (lost && batch.empty) onLeft();
    return lost && !batch.empty;
  }

  /** Opens what the sink has handed over, and lets it hand over what is missing. */
  async #openTaken(): Promise<void> {
    const { splits, takeOver } = this.#options;
    const taken = takeOver.take();
    if (taken !== null) await this.#unlessStopped(() => splits.open(taken));
    takeOver.begin();
  }

  /** What was read is still to be handed over when the pipeline stops in the middle of the call. */
  async #unlessStopped<T>(call: () => Promise<T>): Promise<T | null> {
    const { stop, abandon } = this.#options.surroundings;
    try {
      return await call();
    } catch (error) {
      if (error instanceof GivenUp && stop.aborted && !abandon.aborted) return null;
      throw error;
    }
  }

  #step(batch: Batch, firstAtMs: number | null, hurried: boolean): Step {
    const { splits, surroundings, until, transformFree, stopped, rejected } = this.#options;
    const { gatherUntilMs } = rejected;
    const nowMs = surroundings.clock.now();
    const flushAtMs = hurried ? nowMs : (gatherUntilMs ?? (firstAtMs ?? nowMs) + this.#everyMs());
    return nextStep({
      stopped: stopped(),
      full: batch.full || (gatherUntilMs !== null && rejected.enough(batch.count)),
      empty: batch.empty,
      transformFree: transformFree(),
      flushAtMs: firstAtMs === null ? null : flushAtMs,
      nowMs,
      readToEnd: until === "caughtUp" && splits.readToEnd(),
      reclaimAtMs: splits.reclaimAtMs(),
    });
  }

  /** A rollout waits for a pod's first batch: it does not wait for an owner's hour. */
  #everyMs(): number {
    const { everyMs, surroundings } = this.#options;
    const { report } = surroundings;
    const proving = report.totals.batches === 0 && !isProven(report.proof);
    return proving ? Math.min(everyMs, provingMs) : everyMs;
  }

  /** One read, until it is due to look again. While the source is to be left alone, the pause for it. */
  async #read(batch: Batch, dueAtMs: number | null): Promise<Read["kind"]> {
    const { clock, report } = this.#options.surroundings;
    this.#turn = new AbortController();
    const { signal } = this.#turn;
    const cancel = this.#wakeAt(dueAtMs);
    try {
      const pauseMs = this.#retryAtMs - clock.now();
      if (pauseMs <= 0) return await this.#readNow(batch, signal);
      await sleep(clock, pauseMs, signal);
      return "interrupted";
    } finally {
      cancel();
      report.stageClock.end("read", 0);
    }
  }

  async #readNow(batch: Batch, signal: AbortSignal): Promise<Read["kind"]> {
    const { source, surroundings } = this.#options;
    const { clock, report, loopActiveMs, abandon } = surroundings;
    const before = { records: batch.count, skipped: batch.skipped, activeMs: loopActiveMs() };
    const cancel = this.#failures === 0 ? () => {} : clock.after(calmReadMs, () => this.#noteCalm());
    try {
      const { kind } = await source.read(batch, signal);
      if (kind !== "interrupted") {
        this.#noteCalm();
        this.#options.splits.noteNotices();
      }
      return kind;
    } catch (error) {
      if (!(error instanceof NotConnected) || abandon.aborted) throw error;
      this.#retryAtMs = clock.now() + noteUnreachable(error, "source", ++this.#failures, surroundings);
      return "interrupted";
    } finally {
      cancel();
      report.stageClock.work("read", loopActiveMs() - before.activeMs);
      report.read(batch.count - before.records, batch.skipped - before.skipped);
    }
  }

  #noteCalm(): void {
    this.#failures = 0;
    noteReachable("source", this.#options.surroundings);
  }

  /** Wakes the read when it is due, and where the end of the run is to be noticed also when it has come. */
  #wakeAt(dueAtMs: number | null): () => void {
    const { splits, surroundings, until } = this.#options;
    const { clock } = surroundings;
    const cancelDue = dueAtMs === null ? () => {} : clock.after(Math.max(dueAtMs - clock.now(), 0), () => this.wake());
    let cancelLook = (): void => {};
    const look = (): void => {
      if (splits.readToEnd()) this.wake();
      else cancelLook = clock.after(caughtUpLookMs, look);
    };
    if (until === "caughtUp") cancelLook = clock.after(caughtUpLookMs, look);
    return () => {
      cancelDue();
      cancelLook();
    };
  }
}
