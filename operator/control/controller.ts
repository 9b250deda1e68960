import type { Logger } from "pino";
import { keyText, type ObjectKey } from "../kube/object-key.ts";
import { type AbortScope, openAbortScope } from "../kube/abort-scope.ts";
import type { Clock } from "./clock.ts";
import { sleep } from "../kube/timing.ts";
import type { ControllerObserver } from "./controller-metrics.ts";
import { type Reconcile, TerminalError } from "./reconcile.ts";
import type { WorkQueue } from "./work-queue.ts";

/** Pause of a key whose cache is behind our own last write, in milliseconds: a watch is usually faster. */
const staleRetryMs = 50;
/** How long a reconcile that was aborted at the end may take to come back before it is left behind, in milliseconds. */
const abandonMs = 2_000;

/** One kind of work: a queue of keys and what is done for each. */
export interface ControllerOptions {
  readonly name: string;
  readonly queue: WorkQueue;
  /** Keys that are worked on at the same time. */
  readonly workers: number;
  /** Longest one reconcile may take before its signal is aborted, in milliseconds. */
  readonly deadlineMs: number;
  /** How long reconciles in flight may go on after the end was asked for, in milliseconds. */
  readonly finishMsMax: number;
  readonly reconcile: Reconcile;
  /** False while the caches do not know yet what we last wrote for this key: it waits a moment. Whoever answers bounds that. */
  readonly isCurrent?: (key: ObjectKey) => boolean;
  /** Work begins when it resolves: the caches are synced. */
  readonly ready: Promise<unknown>;
  /** Every key there is: each is looked at once, at low priority, when work begins. Delays of a former leader went with it. */
  readonly all?: () => Iterable<ObjectKey>;
  readonly metrics: { controller(name: string, workers: number): ControllerObserver };
  readonly log: Logger;
  readonly clock: Clock;
  /** Aborted: no more keys are taken, those in flight may finish. */
  readonly signal: AbortSignal;
  /** Aborted: this process leads no longer, and those in flight are aborted at once. */
  readonly leading?: AbortSignal;
}

/** What each worker has. */
interface Work extends ControllerOptions {
  readonly observer: ControllerObserver;
  /** No more keys. */
  readonly ending: AbortSignal;
  /** No more writes. */
  readonly aborting: AbortSignal;
}

/**
 * Works on the queue's keys until the end is asked for; resolves when no reconcile is left, or those left have ignored their
 * aborted signal. What a reconcile throws never comes out here: its key comes again. A key in flight at an abort is put back,
 * so that the next to lead in this process finds it. One that ignores its deadline keeps its key and its worker; it is logged,
 * counted and shows in the queue's `runningSeconds`.
 */
export async function runController(options: ControllerOptions): Promise<void> {
  const { signal, leading, clock, workers, log, name, finishMsMax } = options;
  using ending = openAbortScope(signal, leading);
  using aborting = openAbortScope(leading);
  const observer = options.metrics.controller(name, workers);
  const work: Work = { ...options, observer, ending: ending.signal, aborting: aborting.signal };
  await Promise.race([options.ready, aborted(ending.signal)]);
  if (!ending.signal.aborted) for (const key of options.all?.() ?? []) options.queue.add(key, "background");
  const all = Promise.all(Array.from({ length: workers }, () => runWorker(work)));
  await Promise.race([all, aborted(ending.signal)]);
  const isLeft = async (ms: number): Promise<boolean> => {
    const given = new AbortController();
    const timeUp = sleep(clock, ms, given.signal).then(() => true);
    return Promise.race([all.then(() => false), timeUp]).finally(() => given.abort());
  };
  if (!aborting.signal.aborted && !(await isLeft(finishMsMax))) return;
  aborting.abort(new Error(`controller ${name}: stopped, and a reconcile was not done within ${finishMsMax} ms`));
  if (await isLeft(abandonMs)) log.error({ controller: name }, "reconciles ignore that they were aborted: left behind");
}

async function runWorker(work: Work): Promise<void> {
  const { queue, ending } = work;
  while (!ending.aborted) {
    const key = await queue.take(ending);
    if (key === null) return;
    try {
      if (ending.aborted) queue.add(key);
      else if (work.isCurrent?.(key) === false) queue.addAfter(key, staleRetryMs);
      else await reconcileOne(work, key);
    } catch (error) {
      // Only a fault of the loop itself, or of `isCurrent`, comes here.
      work.log.error({ controller: work.name, key: keyText(key), err: error }, "controller failed; the key comes again");
      queue.retry(key);
    } finally {
      queue.done(key);
    }
  }
}

/** Reconciles once and says in the queue what is next for the key. */
async function reconcileOne(work: Work, key: ObjectKey): Promise<void> {
  const { queue, observer, aborting } = work;
  const end = observer.began();
  using scope = openAbortScope(aborting);
  const cancelDeadline = startDeadline(work, key, scope);
  try {
    const { requeueAfterMs, settled } = await work.reconcile(key, scope.signal);
    end(requeueAfterMs === null ? "success" : "requeue_after");
    if (settled ?? requeueAfterMs === null) observer.settled();
    queue.forget(key);
    if (requeueAfterMs !== null) queue.addAfter(key, requeueAfterMs);
  } catch (error) {
    if (aborting.aborted) {
      // It was told to stop: neither the object nor the cluster is at fault.
      end("requeue");
      queue.add(key);
    } else {
      end("error");
      failed(work, key, error);
    }
  } finally {
    cancelDeadline();
  }
}

function failed({ queue, observer, log, name }: Work, key: ObjectKey, error: unknown): void {
  const fields = { controller: name, key: keyText(key), err: error };
  if (error instanceof TerminalError) {
    observer.terminal();
    log.warn(fields, "reconcile failed; not tried again before the object changes");
    return queue.forget(key);
  }
  if (isFaultOfProgram(error)) {
    observer.panicked();
    log.error(fields, "reconcile failed by a fault of the program; tried again");
  } else log.warn(fields, "reconcile failed; tried again");
  queue.retry(key);
}

/** What no cluster can bring about: in Go these would be panics. */
function isFaultOfProgram(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  return ["TypeError", "ReferenceError", "RangeError", "SyntaxError", "AssertionError"].includes(error.name);
}

/** Aborts at the deadline; the answer takes it back. */
function startDeadline({ clock, deadlineMs, observer, log, name }: Work, key: ObjectKey, scope: AbortScope): () => void {
  return clock.after(deadlineMs, () => {
    observer.timedOut();
    log.warn({ controller: name, key: keyText(key), deadlineMs }, "reconcile is past its deadline; aborted");
    scope.abort(new Error(`reconcile of ${keyText(key)}: not done within ${deadlineMs} ms`));
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
