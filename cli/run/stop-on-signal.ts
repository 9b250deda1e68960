import type { Shell } from "../shell.ts";

/** Signals as a pipeline understands them. */
export interface Stop extends Disposable {
  /** Aborted by the first: drain. */
  readonly signal: AbortSignal;
  /** Resolves at the second: give up. */
  readonly givenUp: Promise<"givenUp">;
}

/** Listens to the shell's signals until it is disposed of. */
export function stopOnSignal(shell: Pick<Shell, "onSignal">): Stop {
  const stop = new AbortController();
  const second = Promise.withResolvers<"givenUp">();
  const signals = shell.onSignal(() => {
    if (stop.signal.aborted) second.resolve("givenUp");
    stop.abort();
  });
  return { signal: stop.signal, givenUp: second.promise, [Symbol.dispose]: () => signals[Symbol.dispose]() };
}
