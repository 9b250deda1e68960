/** What the engine does with a batch, one batch at a time in each. */
export const stages = ["read", "transform", "dead_letter", "load"] as const;
/** One of them. */
export type Stage = (typeof stages)[number];

/**
 * How long each stage worked, and since when the call that is in progress has been. A stage that works all the time is what
 * limits the pipeline.
 */
export class StageClock {
  readonly #now: () => number;
  readonly #doneMs: Record<Stage, number> = { read: 0, transform: 0, dead_letter: 0, load: 0 };
  readonly #since: Record<Stage, number | null> = { read: null, transform: null, dead_letter: null, load: null };
  #sinkWaitMs = 0;
  #sinkWaitSince: number | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A call begins. */
  begin(stage: Stage): void {
    this.#since[stage] = this.#now();
  }

  /** The call is over. Answers how long it took, in milliseconds. `busyMs`: how much of it was work, where not all. */
  end(stage: Stage, busyMs?: number): number {
    const tookMs = this.ageMs(stage) ?? 0;
    this.#since[stage] = null;
    this.work(stage, busyMs ?? tookMs);
    return tookMs;
  }

  /** The stage has worked this long. */
  work(stage: Stage, busyMs: number): void {
    this.#doneMs[stage] += busyMs;
  }

  /** A transformed batch begins to wait for the sink. */
  beginSinkWait(): void {
    this.#sinkWaitSince = this.#now();
  }
  endSinkWait(): void {
    this.#sinkWaitMs = this.sinkWaitMs();
    this.#sinkWaitSince = null;
  }

  /** How long the stage's call in progress has been; null where there is none. */
  ageMs(stage: Stage): number | null {
    const since = this.#since[stage];
    return since === null ? null : Math.max(this.#now() - since, 0);
  }

  /** Milliseconds the stage has worked. A call in progress counts, but for `read`, which tells what was work. */
  busyMs(stage: Stage): number {
    return this.#doneMs[stage] + (stage === "read" ? 0 : (this.ageMs(stage) ?? 0));
  }

  /** Milliseconds in which transformed batches waited for the sink to take them. */
  sinkWaitMs(): number {
    return this.#sinkWaitMs + (this.#sinkWaitSince === null ? 0 : Math.max(this.#now() - this.#sinkWaitSince, 0));
  }
}
