import type { Transformer } from "../../transform/compiled.ts";
import type { Reject, Rows, Transformed } from "../../transform/rows.ts";
import type { Batch } from "../component/batch.ts";
import type { DeadLetters } from "../component/dead-letters.ts";
import { BatchTooLarge, TargetChanged } from "../component/errors.ts";
import type { Move } from "../component/position.ts";
import type { Sink, Written } from "../component/sink.ts";
import type { Source } from "../component/source.ts";
import type { BatchTrace, BatchTracer } from "./batch-trace.ts";
import type { BatchCeiling } from "./batch-ceiling.ts";
import type { Loaded } from "./lag.ts";
import { lettersOf, placeOf, recordRejected, recordRejectedLate } from "./letters.ts";
import type { OwnedSplits } from "./owned-splits.ts";
import { persist } from "./persist.ts";
import type { RejectedWatch, Verdict } from "./quality.ts";
import { Reading, type ReadingEnd } from "./reading.ts";
import type { Stage } from "./stage-clock.ts";
import { orGivenUp, type Surroundings } from "./surroundings.ts";
import { TakeOver } from "./take-over.ts";

/** Why a flow ended. Nothing is in flight any more. */
export type FlowEnd =
  /** What was read is loaded. */
  | { readonly kind: ReadingEnd }
  /** A batch was given up; splits are to be read again from where they stand, these ones later. */
  | { readonly kind: "conflict"; readonly splits: readonly string[] }
  /** A batch was given up; the sink is to be prepared again. */
  | { readonly kind: "targetChanged"; readonly message: string }
  /** A batch was given up; splits are to be read again from where they stand, in smaller batches. */
  | { readonly kind: "tooLarge"; readonly batchBytes: number; readonly message: string }
  /** A batch was given up; splits are to be read again from where they stand, into one batch that gathers until it can be judged. */
  | { readonly kind: "gather" }
  | { readonly kind: "failed"; readonly error: unknown };

/** What a flow works with. */
export interface FlowOptions {
  readonly source: Source;
  readonly sink: Sink;
  /** null: the first rejected record fails the flow. */
  readonly deadLetters: DeadLetters | null;
  readonly transformer: Transformer;
  readonly splits: OwnedSplits;
  readonly rejected: RejectedWatch;
  readonly tracer: BatchTracer;
  /**
   * Empty: one is read into while another is transformed, and a third is kept until it is loaded where the sink `rejectsLater`.
   * They are empty again afterwards.
   */
  readonly batches: readonly Batch[];
  readonly ceiling: BatchCeiling;
  readonly everyMs: number;
  readonly until: "stopped" | "caughtUp";
  readonly surroundings: Surroundings;
}

/** A transformed batch on its way into the sink. */
interface Load {
  readonly trace: BatchTrace;
  readonly transformed: Transformed;
  /** null: its records are no longer held. */
  readonly batch: Batch | null;
  readonly recordBytes: number;
  /** What part of a batch it is. */
  readonly fill: number;
  readonly moves: readonly Move[];
  readonly standing: ReadonlyMap<string, Loaded>;
  readonly records: number;
  readonly skipped: number;
  readonly refusedByFormat: number;
}

/**
 * Bytes of records in a flow's first batch, and how much more each following one may hold until the manifest's bound is
 * reached: the first rows are there soon, and after a few batches it has cost nothing.
 */
const firstBatchBytes = 2 ** 20;
const batchGrowth = 4;

const nothing: Transformed = { rows: null, rejects: [] };

/**
 * Records on their way from the source into the sink, for as long as nothing disturbs them. While one batch is loaded the next
 * is transformed and the one after it is read: never more than one in each stage, so that a slow sink slows the source.
 * A batch's letters are durable before it gets to the sink. When an earlier stage fails, what is ahead of it is still loaded, but
 * not the batch it failed on; when the load fails, what is behind it is given up.
 */
export class Flow {
  readonly #options: FlowOptions;
  readonly #reading: Reading;
  readonly #takeOver: TakeOver;
  readonly #spare: Batch[];
  readonly #giveUp = new AbortController();
  readonly #ends: { transform: FlowEnd | null; load: FlowEnd | null } = { transform: null, load: null };
  #transforming: Promise<void> | null = null;
  #loading: Promise<void> | null = null;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#spare = [...options.batches];
    const { source, splits, surroundings, everyMs, until, rejected } = options;
    this.#takeOver = new TakeOver({
      splits,
      surroundings,
      loading: () => this.#loading,
      onDone: () => this.#reading.wake(),
      onFailure: (error) => this.#failLoad({ kind: "failed", error }),
    });
    this.#reading = new Reading({
      source,
      splits,
      surroundings,
      everyMs,
      until,
      rejected,
      transformFree: () => this.#transforming === null,
      stopped: () => surroundings.stop.aborted || this.#disturbed,
      takeOver: this.#takeOver,
      onLeft: () => void this.#drain(splits.leave()),
    });
  }

  /** Runs until something ends it. Never throws. */
  async run(): Promise<FlowEnd> {
    const { stop, abandon } = this.#options.surroundings;
    const wake = (): void => this.#reading.wake();
    const giveUp = (): void => this.#giveUp.abort();
    stop.addEventListener("abort", wake, { once: true });
    abandon.addEventListener("abort", giveUp, { once: true });
    if (abandon.aborted) giveUp();
    const readingEnd = await this.#readOn();
    await this.#transforming;
    await this.#loading;
    await this.#takeOver.running;
    stop.removeEventListener("abort", wake);
    abandon.removeEventListener("abort", giveUp);
    this.#options.rejected.givenUp();
    return this.#ends.load ?? this.#ends.transform ?? readingEnd;
  }

  get #disturbed(): boolean {
    return this.#ends.load !== null || this.#ends.transform !== null;
  }

  async #readOn(): Promise<FlowEnd> {
    for (let bytesMax = firstBatchBytes; ; bytesMax *= batchGrowth) {
      const batch = this.#spare.pop()!;
      const { ceiling, rejected } = this.#options;
      batch.narrow(rejected.gatherUntilMs === null ? Math.min(bytesMax, ceiling.bytes) : ceiling.bytes);
      const end = await this.#fill(batch);
      await this.#transforming;
      // A read that failed may have left records without their move, which would be loaded twice, or a move without its records.
      if (batch.empty || this.#disturbed || end?.kind === "failed") {
        this.#free(batch);
      } else {
        this.#transforming = this.#transform(batch, end?.kind === "ended" || end?.kind === "caughtUp");
        void this.#drain(this.#options.splits.leave());
      }
      if (end !== null) return end;
    }
  }

  /** Lets go of splits that went once the batches on their way are loaded or given up. Never throws. */
  async #drain(left: readonly string[]): Promise<void> {
    if (left.length === 0) return;
    await this.#transforming;
    await this.#loading;
    this.#options.splits.drained(left);
    this.#reading.wake();
  }

  get #sinkBusy(): Promise<void> | null {
    return this.#loading ?? this.#takeOver.running;
  }

  async #fill(batch: Batch): Promise<FlowEnd | null> {
    try {
      const end = await orGivenUp(this.#reading.fill(batch), this.#options.surroundings.abandon);
      return end === null ? null : { kind: end };
    } catch (error) {
      return { kind: "failed", error };
    }
  }

  /** From the transform to the sink's door. `last`: nothing comes after it. Never throws. */
  async #transform(batch: Batch, last: boolean): Promise<void> {
    const { sink, splits, surroundings } = this.#options;
    const { report } = surroundings;
    let kept: Batch | null = null;
    let load: Load | null = null;
    report.metrics.batchRecords.observe(batch.count);
    report.metrics.batchBytes.observe(batch.recordBytes);
    try {
      const { moves, rejects, count: records, skipped, recordBytes, fill } = batch;
      const standing = splits.standing(moves);
      const sums = { moves, standing, records, skipped, recordBytes, fill, refusedByFormat: rejects.length };
      const trace = this.#traceRead();
      load = { ...sums, transformed: nothing, batch: null, trace };
      const transformed = await this.#transformed(batch, trace);
      load = { ...load, transformed };
      report.transform(records);
      if ((await this.#judge(batch, transformed, last)) === "gather") {
        this.#ends.transform = { kind: "gather" };
        return this.#endTrace(load, null);
      }
      await this.#reject(load, batch);
      for (let busy = this.#sinkBusy; busy !== null; busy = this.#sinkBusy) await this.#sinkFree(busy, fill);
      if (this.#giveUp.signal.aborted) {
        this.#endTrace(load, null);
        await this.#discard(transformed);
      } else {
        kept = sink.rejectsLater === true ? batch : null;
        this.#loading = this.#load({ ...load, batch: kept });
      }
    } catch (error) {
      if (load !== null) this.#endTrace(load, error);
      this.#ends.transform = { kind: "failed", error };
    } finally {
      if (kept === null) this.#free(batch);
      this.#transforming = null;
      this.#reading.wake();
    }
  }

  async #transformed(batch: Batch, trace: BatchTrace): Promise<Transformed> {
    const { transformer, surroundings } = this.#options;
    // Without a line there is nothing to transform: every record was refused by its format, or there was none.
    if (batch.length === 0) return { ...nothing, rejects: [...batch.rejects] };
    return this.#timed("transform", trace, () =>
      orGivenUp(transformer.run(batch, batch.rejects, this.#giveUp.signal), surroundings.abandon),
    );
  }

  /** Before anything of the batch is written. Throws where the pipeline is to stop at it. */
  async #judge(batch: Batch, transformed: Transformed, last: boolean): Promise<Verdict["kind"]> {
    const { rejects } = transformed;
    const first = rejects[0];
    if (first !== undefined && this.#options.deadLetters === null) return "load";
    const { count: records, full } = batch;
    const example = (): string => (first === undefined ? "" : `${placeOf(batch, first)}: ${first.error}`);
    const verdict = this.#options.rejected.judge({ records, rejected: rejects.length, full, last, example });
    if (verdict.kind !== "load") await this.#discard(transformed);
    if (verdict.kind === "stop") throw verdict.error;
    return verdict.kind;
  }

  async #reject({ transformed, trace }: Load, batch: Batch): Promise<void> {
    const { rejects } = transformed;
    const first = rejects[0];
    if (first === undefined) return;
    try {
      if (this.#options.deadLetters === null) throw recordRejected(batch, first);
      await this.#writeLetters(batch, rejects, trace);
    } catch (error) {
      await this.#discard(transformed);
      throw error;
    }
  }

  async #writeLetters(batch: Batch, rejects: readonly Reject[], trace: BatchTrace): Promise<void> {
    const { deadLetters, surroundings } = this.#options;
    for (const letters of lettersOf(batch, rejects, surroundings.report)) {
      const write = async (): Promise<void> => this.#timed("dead_letter", trace, async () => deadLetters?.write(letters));
      await persist(write, "dead_letters", this.#giveUp.signal, surroundings);
    }
    surroundings.log.warn({ rejected: rejects.length, of: batch.count, error: rejects[0]?.error }, "records rejected");
  }

  async #sinkFree(loading: Promise<void>, fill: number): Promise<void> {
    const { stageClock } = this.#options.surroundings.report;
    stageClock.beginSinkWait(fill);
    await loading;
    stageClock.endSinkWait();
  }

  /** Into the sink. Never throws. */
  async #load(load: Load): Promise<void> {
    try {
      const written = await this.#write(load);
      this.#endTrace(load, null, written.kind === "written");
      if (written.kind === "conflict") this.#failLoad(written);
      else this.#loaded(load, written.rejected ?? []);
    } catch (error) {
      this.#endTrace(load, error);
      this.#failLoad(endOf(error, load));
    } finally {
      await this.#discard(load.transformed);
      if (load.batch !== null) this.#free(load.batch);
      this.#loading = null;
    }
  }

  async #write(load: Load): Promise<Written> {
    const { transformed, batch, records, trace } = load;
    try {
      const written = await this.#persistWrite(transformed.rows, load);
      if (written.rejected !== undefined) await this.#rejectLate(load, written.rejected);
      return written;
    } catch (error) {
      if (!(error instanceof BatchTooLarge) || batch === null || records !== 1) throw error;
      // The only record: no smaller batch will make it fit.
      const rejects = [{ ordinal: 0, error: error.message }];
      if (this.#options.deadLetters === null) throw recordRejected(batch, rejects[0]!);
      await this.#writeLetters(batch, rejects, trace);
      const written = await this.#persistWrite(null, load);
      return written.kind === "written" ? { ...written, rejected: rejects } : written;
    }
  }

  #persistWrite(rows: Rows | null, { moves, trace, fill }: Load): Promise<Written> {
    const { sink, surroundings } = this.#options;
    // Moves alone cost next to nothing: they would not tell what the least of rows costs.
    const share = rows === null ? 1 : fill;
    const write = (): Promise<Written> => this.#timed("load", trace, () => sink.write(rows, moves), share);
    return persist(write, "sink", this.#giveUp.signal, surroundings);
  }

  /** What the warehouse refused after it had taken it: everything else of the batch is loaded. */
  async #rejectLate({ batch, trace }: Load, rejects: readonly Reject[]): Promise<void> {
    const first = rejects[0];
    if (first === undefined) return;
    if (batch === null) throw new Error("sink: it rejects later without having said so");
    if (this.#options.deadLetters === null) throw recordRejectedLate(batch, first, rejects.length);
    await this.#writeLetters(batch, rejects, trace);
  }

  #loaded({ transformed, moves, standing, records, skipped, refusedByFormat }: Load, late: readonly Reject[]): void {
    const { source, splits, ceiling, rejected: watch, surroundings } = this.#options;
    const rows = Math.max((transformed.rows?.count ?? 0) - late.length, 0);
    const rejected = transformed.rejects.length + late.length;
    splits.load(standing);
    source.loaded(moves);
    ceiling.loaded(records === 1 && late.length === 1);
    watch.loaded({ records, rejected });
    surroundings.report.load({ records, rows, rejected, refusedByFormat, skipped });
    surroundings.log.debug({ records, rows, rejected, splits: moves.length }, "batch loaded");
  }

  #free(batch: Batch): void {
    batch.clear();
    this.#spare.push(batch);
  }

  #failLoad(end: FlowEnd): void {
    this.#ends.load = end;
    this.#giveUp.abort();
    this.#reading.wake();
  }

  async #discard(transformed: Transformed): Promise<void> {
    if (transformed.rows === null) return;
    try {
      await this.#options.transformer.discard(transformed);
    } catch (error) {
      // The rows are loaded or given up: a file that stays costs space until the process ends, no more.
      this.#options.surroundings.log.warn({ error }, "rows file not deleted");
    }
  }

  async #timed<T>(stage: Stage, trace: BatchTrace, work: () => Promise<T>, fill = 1): Promise<T> {
    const { clock, report } = this.#options.surroundings;
    const fromMs = clock.now();
    const end = (error: unknown): void => {
      if (error === null) report.stageClock.answered(stage);
      report.metrics.stageDuration.observe({ stage }, report.stageClock.end(stage) / 1000);
      trace.stage({ stage, fromMs, toMs: clock.now(), error });
    };
    report.stageClock.begin(stage, fill);
    try {
      const answer = await work();
      end(null);
      return answer;
    } catch (error) {
      end(error);
      throw error;
    }
  }

  /** Begins the trace of the batch that was just read. */
  #traceRead(): BatchTrace {
    const { tracer, surroundings } = this.#options;
    const toMs = surroundings.clock.now();
    const fromMs = this.#reading.sinceMs ?? toMs;
    const trace = tracer.begin(fromMs);
    trace.stage({ stage: "read", fromMs, toMs, error: null });
    return trace;
  }

  #endTrace({ trace, transformed, moves, records, recordBytes }: Load, error: unknown, loaded = false): void {
    const rows = transformed.rows?.count ?? 0;
    const counts = { records, bytes: recordBytes, splits: moves.length, rows, rejected: transformed.rejects.length };
    trace.end(counts, { atMs: this.#options.surroundings.clock.now(), loaded, error });
  }
}

/** How a load that threw ends the flow. */
function endOf(error: unknown, { recordBytes }: Load): FlowEnd {
  if (error instanceof TargetChanged) return { kind: "targetChanged", message: error.message };
  if (error instanceof BatchTooLarge) return { kind: "tooLarge", batchBytes: recordBytes, message: error.message };
  return { kind: "failed", error };
}
