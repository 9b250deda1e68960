import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../../operator/control/clock.ts";

/** Event-loop turns after which everything that waits for no timer has come to rest. */
const settleTurns = 20;

/** Lets everything run that waits for no timer. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < settleTurns; turn++) await setImmediate();
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  readonly #startMs = Date.parse("2026-01-01T00:00:00Z");
  #passedMs = 0;
  #timers: { readonly atMs: number; readonly call: () => void }[] = [];
  /** What the wall clock is off by. */
  skewMs = 0;

  now(): number {
    return this.#startMs + this.#passedMs + this.skewMs;
  }

  monotonic(): number {
    return this.#passedMs;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = { atMs: this.#passedMs + delayMs, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#timers.length;
  }

  /** Moves on, timer by timer in their order, without letting anything else run: for what has no promises in it. */
  skip(ms: number): void {
    const until = this.#passedMs + ms;
    for (let call = this.#next(until); call !== undefined; call = this.#next(until)) call();
    this.#passedMs = until;
  }

  /** Moves on likewise, and lets everything come to rest after each timer. */
  async advance(ms: number): Promise<void> {
    const until = this.#passedMs + ms;
    await settle();
    for (let call = this.#next(until); call !== undefined; call = this.#next(until)) {
      call();
      await settle();
    }
    this.#passedMs = until;
    await settle();
  }

  #next(until: number): (() => void) | undefined {
    const next = this.#timers.filter(({ atMs }) => atMs <= until).toSorted((a, b) => a.atMs - b.atMs)[0];
    if (next === undefined) return undefined;
    this.#timers = this.#timers.filter((timer) => timer !== next);
    this.#passedMs = Math.max(this.#passedMs, next.atMs);
    return next.call;
  }
}
