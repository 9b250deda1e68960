import { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import type { Clock } from "./clock.ts";
import { sleep } from "../kube/timing.ts";
import type { LeaseNews } from "./contend-for-lease.ts";
import { type Leadership, LeadershipLost } from "./leadership.ts";
import type { LeaseOrder } from "./lease-renewer.ts";
import { openSharedTerm, type SharedTerm } from "./shared-term.ts";

/** How often the main thread shows that it turns, in milliseconds. */
const beatMs = 1_000;
/** How long the renewing thread may take to give the lease back and end, in milliseconds: its own bound and some. */
const stopMsMax = 4_000;

/** Who contends for which lease. */
export interface LeaderElectionOptions extends Omit<LeaseOrder, "buffer"> {
  readonly metrics: { leading(lease: string, isLeading: boolean): void };
  readonly log: Logger;
  readonly clock: Clock;
}

/** A candidate. Disposing of it gives the lease back, so that another leads within two seconds: first stop what writes. */
export interface LeaderElection extends AsyncDisposable {
  /** The current term once this process leads; null where the signal was aborted before. Throws where the lease cannot be contended for any more: end the process. */
  lead(signal: AbortSignal): Promise<Leadership | null>;
}

/**
 * Contends for a Lease as client-go does, from a thread of its own: a main thread that is busy for longer than the lease keeps
 * it, for up to a minute. When a term is over its signal is aborted, and the next `lead` waits for another term.
 */
export function startLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const { clock, place, lease, identity, fieldManager, userAgent, timing } = options;
  const shared = openSharedTerm();
  const stopBeating = beat(shared, clock);
  const terms = createTerms(shared, options);
  const worker = new Worker(new URL("./lease-renewer.ts", import.meta.url), {
    name: "lease",
    workerData: { place, lease, identity, fieldManager, userAgent, timing, buffer: shared.buffer } satisfies LeaseOrder,
  });
  let stopping = false;
  const exited = new Promise<void>((resolve) => {
    worker.once("exit", () => {
      if (!stopping) terms.fail(new Error(`lease ${lease.name}: its thread has ended`));
      resolve();
    });
  });
  worker.on("message", (news: LeaseNews) => terms.hear(news));
  worker.once("error", (error) => terms.fail(new Error(`lease ${lease.name}: its thread failed`, { cause: error })));
  return {
    lead: terms.current,
    [Symbol.asyncDispose]: async () => {
      if (stopping) return exited;
      stopping = true;
      worker.postMessage("stop");
      const bound = new AbortController();
      await Promise.race([exited, sleep(clock, stopMsMax, bound.signal)]);
      bound.abort();
      stopBeating();
      terms.end("stopped");
      await worker.terminate();
    },
  };
}

/** Runs once per term of leading, until the signal is aborted or the lease cannot be contended for. `run` ends by itself soon after its term. */
export async function runWhileLeading(
  election: LeaderElection,
  signal: AbortSignal,
  run: (leadership: Leadership) => Promise<void>,
): Promise<void> {
  for (;;) {
    const leadership = await election.lead(signal);
    if (leadership === null) return;
    await run(leadership);
    if (signal.aborted) return;
  }
}

function beat(shared: SharedTerm, clock: Clock): () => void {
  let cancel = (): void => {};
  const again = (): void => {
    shared.beat(clock.monotonic());
    cancel = clock.after(beatMs, again);
  };
  again();
  return () => cancel();
}

/** Makes terms of what the renewing thread tells, and ends them in time without it. */
function createTerms(shared: SharedTerm, { metrics, log, clock, lease }: LeaderElectionOptions) {
  let term: { readonly leadership: Leadership; readonly number: number; end(why: string): void } | null = null;
  let failure: Error | null = null;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const one of waiting) one();
    waiting.clear();
  };
  metrics.leading(lease.name, false);

  const begin = (number: number): void => {
    const controller = new AbortController();
    let cancel = (): void => {};
    const isValid = (): boolean => !controller.signal.aborted && shared.isValid(number, clock.monotonic());
    const end = (why: string): void => {
      cancel();
      if (controller.signal.aborted) return;
      if (term?.number === number) term = null;
      metrics.leading(lease.name, false);
      log[why === "stopped" ? "info" : "warn"]({ lease: lease.name, term: number, why }, "leads no longer");
      controller.abort(new LeadershipLost(`lease ${lease.name}: ${why}; this process writes nothing until it leads again`));
    };
    const watch = (): void => {
      if (!isValid()) return end("not renewed in time");
      cancel = clock.after(Math.max(1, shared.validUntilMs() - clock.monotonic()), watch);
    };
    if (!shared.isValid(number, clock.monotonic())) return;
    term = { leadership: { signal: controller.signal, isValid }, number, end };
    metrics.leading(lease.name, true);
    log.info({ lease: lease.name, term: number }, "leads");
    watch();
    wake();
  };
  return {
    hear: (news: LeaseNews): void => {
      if (news.kind === "leading") begin(news.term);
      else if (news.kind === "lost" && term?.number === news.term) term.end(news.why);
      else if (news.kind === "following") log.info({ lease: lease.name, holder: news.holder }, "another leads");
      else if (news.kind === "failed") log.warn({ lease: lease.name, error: news.why }, "lease not reached; tried again");
    },
    end: (why: string): void => term?.end(why),
    fail: (error: Error): void => {
      failure ??= error;
      term?.end(error.message);
      wake();
    },
    current: async (signal: AbortSignal): Promise<Leadership | null> => {
      for (;;) {
        if (failure !== null) throw failure;
        if (signal.aborted) return null;
        if (term !== null) return term.leadership;
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      }
    },
  };
}
