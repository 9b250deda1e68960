import type { Registry } from "prom-client";
import type { Condition } from "../../crds/kinds/condition.ts";
import type { SplitProgress } from "../component/source.ts";
import { arrivalsOf, type Ends, noteEnds } from "./arrivals.ts";
import type { Clock } from "./clock.ts";
import { type Observation, readiness, withCondition } from "./conditions.ts";
import { type Lag, type SplitLag, totalLag } from "./lag.ts";
import { type EngineMetrics, registerEngineMetrics, type Scraped } from "./metrics.ts";
import { isProven, type Proof, proofOf } from "./proof.ts";
import { keepSamples, ratesOf, type Sums } from "./rate-window.ts";
import { type Stage, StageClock, stages } from "./stage-clock.ts";

/** Sums since the process began. */
export interface Totals {
  /** Records read; those read again after a conflict count again. */
  readonly recordsRead: number;
  /** Of the batches that are loaded: */
  readonly recordsLoaded: number;
  readonly rowsLoaded: number;
  readonly recordsRejected: number;
  readonly recordsSkipped: number;
  readonly batches: number;
}

/** What the pipeline is doing, as /status shows it. Holds no payloads and no secrets; bounded but for `splits`. */
export interface EngineStatus extends Scraped {
  /** `namespace/name`. */
  readonly pipeline: string;
  /** 12 hex digits of the compiled pipeline's digest. */
  readonly schemaVersion: string;
  /** True once the sink was prepared and the first splits were opened. */
  readonly started: boolean;
  /** True where the sink held a position of at least one of the splits: an earlier run loaded something. */
  readonly resumed: boolean;
  /** True where `proof` is one: this pod may take the place of another. For good, except for one that stood by and has got a split. */
  readonly proven: boolean;
  readonly proof: Proof;
  readonly totals: Totals;
  readonly lag: Lag;
  /** Of the last minute: see `Rates`. The records are those that the stages were busy with. */
  readonly load: { readonly busyFraction: number; readonly sinkWaitFraction: number; readonly recordsPerSecond: number };
  /** Splits that there are in all, whoever reads them; null where the source does not know. */
  readonly splitsTotal: number | null;
  readonly lastLoadTime: string | null;
}

/** The splits of this pod, to be asked at any time. */
export interface ReportedSplits {
  /** Of those that are open. */
  lag(): readonly SplitLag[];
  /** Notes which of them are loaded to their end now, as far as they have come. */
  noteEven(progress: readonly SplitProgress[]): void;
  /** How many the source gave at the last claim, be they open or not. */
  readonly owned: number;
  /** How far each open one is read, and where it ends. */
  progress(): readonly SplitProgress[];
  /** How many there are in all, whoever reads them; null where the source does not know. */
  total(): number | null;
}

/** What changes of a reader's splits cost. */
export interface Rebalances {
  /** Changes since the process began; the first splits are none. */
  readonly count: number;
  /** Seconds for which they kept its splits from being read, averaged over all of them: half of them for four seconds are two. */
  readonly stallSeconds: number;
}

/** What a report is about. */
export interface ReportOptions {
  readonly pipeline: { readonly namespace: string; readonly name: string };
  readonly schemaVersion: string;
  readonly clock: Clock;
  /** Takes the engine's metrics; a registry of its own for each report. */
  readonly registry: Registry;
}

/** How often sums are noted for the averages of the last minute. */
const sampleMs = 1000;

const bySecond = (of: (stage: Stage) => number): Record<Stage, number> => ({
  read: of("read") / 1000,
  transform: of("transform") / 1000,
  dead_letter: of("dead_letter") / 1000,
  load: of("load") / 1000,
});

/** Keeps what the engine tells about itself: conditions, sums, lag and metrics. The engine writes, everybody reads. */
export class PipelineReport {
  readonly metrics: EngineMetrics;
  readonly stageClock: StageClock;
  readonly #options: ReportOptions;
  #conditions: readonly Condition[] = [];
  #samples: readonly Sums[] = [];
  #started = false;
  #transformed = 0;
  #resumed = false;
  #lastLoadMs: number | null = null;
  #splits: ReportedSplits = { lag: () => [], noteEven: () => {}, owned: 0, progress: () => [], total: () => null };
  #ends: Ends = new Map();
  #rebalances: Rebalances = { count: 0, stallSeconds: 0 };
  #splitlessSinceMs: number | null = null;
  #proof: Proof = { kind: "waiting", message: "the pipeline is starting" };
  #totals: Totals = { recordsRead: 0, recordsLoaded: 0, rowsLoaded: 0, recordsRejected: 0, recordsSkipped: 0, batches: 0 };

  constructor(options: ReportOptions) {
    this.#options = options;
    this.stageClock = new StageClock(() => options.clock.now());
    this.metrics = registerEngineMetrics(options.registry, () => this.status());
    this.observe({ type: "Progressing", status: "Unknown", reason: "Starting", message: "the pipeline is starting" });
  }

  get schemaVersion(): string {
    return this.#options.schemaVersion;
  }
  get pipeline(): string {
    const { namespace, name } = this.#options.pipeline;
    return `${namespace}/${name}`;
  }
  get totals(): Totals {
    return this.#totals;
  }

  /** Notes a condition. True where its status is another than before. */
  observe(observation: Observation): boolean {
    const nowMs = this.#options.clock.now();
    const before = this.#conditions.find(({ type }) => type === observation.type)?.status;
    this.#conditions = withCondition(this.#conditions, observation, nowMs);
    this.#conditions = withCondition(this.#conditions, readiness(this.#conditions), nowMs);
    return before !== observation.status;
  }

  /** What is shown of the pipeline's working so far: see `Proof`. */
  get proof(): Proof {
    return this.#proof;
  }

  /** The first splits are open. */
  start(splits: ReportedSplits): void {
    this.#started = true;
    this.#splits = splits;
    this.#prove();
  }

  /** The sink held a position: this run goes on where an earlier one ended. */
  resume(): void {
    this.#resumed = true;
  }

  /** Its splits have changed. */
  rebalance(): void {
    const { count, stallSeconds } = this.#rebalances;
    this.#rebalances = { count: count + 1, stallSeconds };
  }

  /** For so long a change has kept its splits from being read, on average. */
  stall(stallMs: number): void {
    const { count, stallSeconds } = this.#rebalances;
    this.#rebalances = { count, stallSeconds: stallSeconds + stallMs / 1000 };
  }

  /** Records came from the source. */
  read(records: number, skipped: number): void {
    if (records === 0 && skipped === 0) return;
    this.#totals = { ...this.#totals, recordsRead: this.#totals.recordsRead + records + skipped };
    this.metrics.recordsRead.inc(records + skipped);
    this.metrics.recordsSkipped.inc(skipped);
  }

  /** Records came out of the transform, as rows or rejects. */
  transform(records: number): void {
    this.#transformed += records;
  }

  /** A batch is in the table. `refusedByFormat` of the `rejected` never reached the transform. */
  load(batch: { records: number; rows: number; rejected: number; refusedByFormat: number; skipped: number }): void {
    const totals = this.#totals;
    this.#lastLoadMs = this.#options.clock.now();
    this.#totals = {
      recordsRead: totals.recordsRead,
      recordsLoaded: totals.recordsLoaded + batch.records,
      rowsLoaded: totals.rowsLoaded + batch.rows,
      recordsRejected: totals.recordsRejected + batch.rejected,
      recordsSkipped: totals.recordsSkipped + batch.skipped,
      batches: totals.batches + 1,
    };
    this.metrics.rowsLoaded.inc(batch.rows);
    this.metrics.recordsRejected.inc({ refused_by: "format" }, batch.refusedByFormat);
    this.metrics.recordsRejected.inc({ refused_by: "transform" }, batch.rejected - batch.refusedByFormat);
    this.#prove();
  }

  /** Notes the sums, and whether the pipeline has shown that it works, every second until the answer is called, for the averages of the last minute. */
  sample(): () => void {
    let cancel = (): void => {};
    const turn = (): void => {
      this.#samples = keepSamples(this.#samples, this.#sums());
      const progress = this.#splits.progress();
      this.#splits.noteEven(progress);
      this.#ends = noteEnds(this.#ends, progress, this.#options.clock.now());
      this.#prove();
      cancel = this.#options.clock.after(sampleMs, turn);
    };
    turn();
    return () => cancel();
  }

  status(): EngineStatus {
    const splits = this.#splits.lag();
    const rates = ratesOf(this.#samples, this.#sums());
    return {
      pipeline: this.pipeline,
      schemaVersion: this.schemaVersion,
      started: this.#started,
      resumed: this.#resumed,
      proven: isProven(this.#proof),
      proof: this.#proof,
      conditions: this.#conditions,
      totals: this.#totals,
      rates,
      load: {
        busyFraction: rates.busyFraction,
        sinkWaitFraction: rates.sinkWaitFraction,
        recordsPerSecond: rates.transformedPerSecond,
      },
      arrivals: this.#started ? arrivalsOf(this.#ends, splits.length) : { recordsPerSecond: null, hottest: null },
      rebalances: this.#rebalances,
      splitsTotal: this.#splits.total(),
      lag: totalLag(splits),
      splits,
      lastLoadTime: this.#lastLoadMs === null ? null : new Date(this.#lastLoadMs).toISOString(),
      stageBusySeconds: bySecond((stage) => this.stageClock.busyMs(stage)),
      stageCallSeconds: this.#callSeconds(),
      sinkWaitSeconds: this.stageClock.sinkWaitMs() / 1000,
    };
  }

  /** Once shown it stays: a pod that was good does not become a new one by a record that is not. Standing by has shown nothing. */
  #prove(): void {
    if (this.#proof.kind === "loaded" || this.#proof.kind === "caughtUp") return;
    const nowMs = this.#options.clock.now();
    const { owned } = this.#splits;
    this.#splitlessSinceMs = this.#started && owned === 0 ? (this.#splitlessSinceMs ?? nowMs) : null;
    this.#proof = proofOf({
      started: this.#started,
      totals: this.#totals,
      owned,
      lag: this.#splits.lag(),
      splitlessMs: this.#splitlessSinceMs === null ? null : nowMs - this.#splitlessSinceMs,
    });
  }

  #callSeconds(): Record<Stage, number | null> {
    const of = (stage: Stage): number | null => {
      const ageMs = this.stageClock.ageMs(stage);
      return ageMs === null ? null : ageMs / 1000;
    };
    return { read: of("read"), transform: of("transform"), dead_letter: of("dead_letter"), load: of("load") };
  }

  #sums(): Sums {
    return {
      atMs: this.#options.clock.now(),
      recordsRead: this.#totals.recordsRead,
      recordsTransformed: this.#transformed,
      rowsLoaded: this.#totals.rowsLoaded,
      stageMs: stages.map((stage) => this.stageClock.busyMs(stage)),
      sinkWaitMs: this.stageClock.sinkWaitMs(),
    };
  }
}
