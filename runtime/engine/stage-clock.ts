/** What the engine does with a batch, one batch at a time in each. */
export const stages = ["read", "transform", "dead_letter", "load"] as const;
/** One of them. */
export type Stage = (typeof stages)[number];

/** Calls of which the quickest tells what the least costs: sizes vary sooner, and a warehouse that became slower is noticed. */
const recentMax = 100;

/**
 * How long each stage worked, and since when the call that is in progress has been. A stage that works all the time is what
 * limits the pipeline.
 *
 * A statement or a commit takes its time however little it carries, and while it does the next batch grows: what a call takes at least
 * counts only in the part that its batch was full, or a pipeline of a few records a second would look as if it could carry no more.
 */
export class StageClock {
  readonly #now: () => number;
  readonly #doneMs: Record<Stage, number> = { read: 0, transform: 0, dead_letter: 0, load: 0 };
  readonly #since: Record<Stage, number | null> = { read: null, transform: null, dead_letter: null, load: null };
  readonly #share: Record<Stage, number> = { read: 1, transform: 1, dead_letter: 1, load: 1 };
  /** How long calls with part of a batch took. */
  readonly #recentMs: Record<Stage, number[]> = { read: [], transform: [], dead_letter: [], load: [] };
  #sinkWaitMs = 0;
  #sinkWaitSince: number | null = null;
  #sinkWaitShare = 1;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A call begins. `fill`: what part of a batch it has, where it takes its time however little that is. */
  begin(stage: Stage, fill = 1): void {
    this.#since[stage] = this.#now();
    this.#share[stage] = fill;
  }

  /** The call has done its work: how long it takes is what such calls take. */
  answered(stage: Stage): void {
    const tookMs = this.ageMs(stage);
    if (tookMs === null || this.#share[stage] >= 1) return;
    this.#recentMs[stage].push(tookMs);
    if (this.#recentMs[stage].length > recentMax) this.#recentMs[stage].shift();
  }

  /** The call is over. Answers how long it took, in milliseconds. `busyMs`: how much of it was work, where not all. */
  end(stage: Stage, busyMs?: number): number {
    const tookMs = this.ageMs(stage) ?? 0;
    const leastMs = Math.min(tookMs, ...this.#recentMs[stage]);
    this.#since[stage] = null;
    this.work(stage, busyMs ?? tookMs - leastMs * (1 - this.#share[stage]));
    return tookMs;
  }

  /** The stage has worked this long. */
  work(stage: Stage, busyMs: number): void {
    this.#doneMs[stage] += busyMs;
  }

  /** A transformed batch begins to wait for the sink. `fill`: what part of a batch it is; one that is full keeps the next from growing. */
  beginSinkWait(fill: number): void {
    this.#sinkWaitSince = this.#now();
    this.#sinkWaitShare = fill;
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
    return this.#doneMs[stage] + (stage === "read" ? 0 : (this.ageMs(stage) ?? 0) * this.#share[stage]);
  }

  /** Milliseconds in which transformed batches waited for the sink to take them, each in the part that it was full. */
  sinkWaitMs(): number {
    const waitingMs = this.#sinkWaitSince === null ? 0 : Math.max(this.#now() - this.#sinkWaitSince, 0);
    return this.#sinkWaitMs + waitingMs * this.#sinkWaitShare;
  }
}
