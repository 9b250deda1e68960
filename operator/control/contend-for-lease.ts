import { openAbortScope } from "../kube/abort-scope.ts";
import type { Clock } from "./clock.ts";
import { sleep } from "../kube/timing.ts";
import type { LeaseTiming } from "./lease.ts";
import type { LeaseHolder, Try } from "./lease-holder.ts";
import type { SharedTerm } from "./shared-term.ts";

/** How long giving the lease back may take, in milliseconds: after it, others wait until the lease has run out. */
const releaseMsMax = 3_000;
/**
 * How long the main thread may not have turned until its lease is not renewed any more, in milliseconds. Far beyond any
 * work it does in one piece, and beyond what a liveness probe bears: a leader that hangs for ever must not lead for ever.
 */
const mainSilenceMsMax = 60_000;

/** What becomes of a candidate. */
export type LeaseNews =
  | { readonly kind: "leading"; readonly term: number }
  | { readonly kind: "lost"; readonly term: number; readonly why: string }
  /** Another leads. */
  | { readonly kind: "following"; readonly holder: string }
  /** A try failed; of failures in a row only the first is told. */
  | { readonly kind: "failed"; readonly why: string };

/** What a candidate has. */
export interface Contender {
  readonly holder: LeaseHolder;
  readonly timing: LeaseTiming;
  readonly term: SharedTerm;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly tell: (news: LeaseNews) => void;
  /** Aborted: the lease is given back. */
  readonly signal: AbortSignal;
}

/**
 * Takes the lease whenever it can and renews it, term after term, until the end is asked for. A term holds from before the
 * request that won or renewed it for as long as the renew deadline, so that it is over before another can begin one, however
 * slow the answers are. Only this process's monotonic clock counts.
 */
export async function contendForLease(contender: Contender): Promise<void> {
  const { term, tell, signal } = contender;
  while (!signal.aborted) {
    const validUntilMs = await win(contender);
    if (validUntilMs === null) break;
    const number = term.begin(validUntilMs);
    tell({ kind: "leading", term: number });
    const why = await keep(contender);
    term.end();
    tell({ kind: "lost", term: number, why });
  }
  await release(contender);
}

/** Tries until it leads; until when, or null where the end came first. */
async function win(contender: Contender): Promise<number | null> {
  const { clock, timing, random, tell, signal } = contender;
  let following = "";
  let failing = false;
  // The random half keeps candidates out of step; the whole bounds how long a lease that was given back lies there.
  const pause = (): Promise<void> => sleep(clock, timing.retryMs * (0.5 + 0.5 * random()), signal);
  for (; !signal.aborted; await pause()) {
    const beganMs = clock.monotonic();
    if (mainSilentMs(contender) > mainSilenceMsMax) continue;
    const validUntilMs = beganMs + timing.renewDeadlineMs;
    const result = await tryOnce(contender, validUntilMs);
    if (result.kind === "ours" && clock.monotonic() < validUntilMs) return validUntilMs;
    if (result.kind === "others" && result.holder !== following) {
      following = result.holder;
      tell({ kind: "following", holder: following });
    }
    if (result.kind === "failed" && !failing) tell(result);
    failing = result.kind === "failed";
  }
  return null;
}

/** Renews until that is over; why. */
async function keep(contender: Contender): Promise<string> {
  const { clock, timing, term, tell, signal } = contender;
  let failing: string | null = null;
  for (;;) {
    await sleep(clock, Math.min(timing.retryMs, Math.max(0, term.validUntilMs() - clock.monotonic())), signal);
    if (signal.aborted) return "stopped";
    const beganMs = clock.monotonic();
    if (beganMs >= term.validUntilMs())
      return `not renewed for ${timing.renewDeadlineMs} ms${failing === null ? "" : `: ${failing}`}`;
    if (mainSilentMs(contender) > mainSilenceMsMax) return `the main thread has not turned for ${mainSilenceMsMax} ms`;
    const result = await tryOnce(contender, term.validUntilMs());
    if (result.kind === "ours" && clock.monotonic() < term.validUntilMs()) term.extend(beganMs + timing.renewDeadlineMs);
    if (result.kind === "others") return `${result.holder} has taken it`;
    if (result.kind === "failed" && failing === null) tell(result);
    failing = result.kind === "failed" ? result.why : null;
  }
}

function mainSilentMs({ clock, term }: Contender): number {
  return clock.monotonic() - term.lastBeatMs();
}

/** One try, given up after half the renew deadline, so that a request that hangs is not the last one. */
async function tryOnce(
  { holder, clock, timing, signal }: Contender,
  deadlineMs: number,
): Promise<Try | { readonly kind: "failed"; readonly why: string }> {
  using scope = openAbortScope(signal);
  const timeoutMs = Math.max(0, Math.min(timing.renewDeadlineMs / 2, deadlineMs - clock.monotonic()));
  const cancel = clock.after(timeoutMs, () => scope.abort(new Error(`lease: no answer within ${Math.round(timeoutMs)} ms`)));
  try {
    return await holder.take(scope.signal);
  } catch (error) {
    return { kind: "failed", why: error instanceof Error ? error.message : String(error) };
  } finally {
    cancel();
  }
}

async function release({ holder, clock, tell }: Contender): Promise<void> {
  const timeout = new AbortController();
  const cancel = clock.after(releaseMsMax, () => timeout.abort(new Error(`lease: not given back within ${releaseMsMax} ms`)));
  try {
    await holder.release(timeout.signal);
  } catch (error) {
    tell({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
  } finally {
    cancel();
  }
}
