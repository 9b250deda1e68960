import type { Clock } from "./clock.ts";

/** How often the event loop is measured, in milliseconds. */
const everyMs = 500;
/** How many measurements the answer looks back on: 30 s, about the time between two scrapes. */
const measurements = 60;

/** Measures how late timers are. */
export interface EventLoopLag extends Disposable {
  /** The longest lateness of the last half minute, in milliseconds. */
  maxMs(): number;
}

/** Measures until it is disposed of. A loop that hangs now shows once it turns again. */
export function measureEventLoopLag(clock: Clock): EventLoopLag {
  const latest: number[] = [];
  let cancel = (): void => {};
  const again = (): void => {
    const dueMs = clock.monotonic() + everyMs;
    cancel = clock.after(everyMs, () => {
      latest.push(Math.max(0, clock.monotonic() - dueMs));
      if (latest.length > measurements) latest.shift();
      again();
    });
  };
  again();
  return { maxMs: () => Math.max(0, ...latest), [Symbol.dispose]: () => cancel() };
}
