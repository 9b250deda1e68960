import type { Logger } from "pino";
import { type Clock, sleep } from "../engine/clock.ts";

/** What became of an event. */
export type Outcome = "sent" | "dropped";

/** Where events are posted, and with what. */
export interface EventPostOptions {
  readonly url: string;
  /** The receiver's key as it is now; null where it wants none. */
  apiKey(): Promise<string | null>;
  readonly clock: Clock;
  /** In [0, 1). */
  random(): number;
  readonly log: Logger;
  onOutcome(outcome: Outcome): void;
}

/** Events on their way, one at a time and in order. Disposing of it gives up what is not sent. */
export interface EventPost extends Disposable {
  /** Takes an event; never waits and never throws. */
  post(event: object): void;
  /** Resolves once nothing is on its way any more. */
  settled(): Promise<void>;
}

/** Events that wait, at most: the oldest makes room. At the shortest window half an hour of a receiver that is down. */
const waitingMax = 200;
/** How long the receiver may take to answer, in milliseconds. */
const answerMs = 10_000;
/** Tries of one event: with the pauses between them some ten minutes, longer than a restart of the receiver. */
const triesMax = 20;
const pauseFirstMs = 500;
const pauseMaxMs = 60_000;

/** How a try ended. */
type Try =
  | { readonly kind: "sent" }
  /** `final`: another try would end likewise. */
  | { readonly kind: "failed"; readonly why: string; readonly final: boolean };

const retryable = (status: number): boolean => status === 408 || status === 429 || status >= 500;

async function send(event: object, { url, apiKey }: EventPostOptions, signal: AbortSignal): Promise<Try> {
  try {
    const key = await apiKey();
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(event),
      // The key is for this receiver only.
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
    });
    await response.body?.cancel();
    if (response.ok) return { kind: "sent" };
    return { kind: "failed", why: `it answered ${response.status}`, final: !retryable(response.status) };
  } catch (error) {
    const { name, message, cause } = error as Error;
    const code = (cause as NodeJS.ErrnoException | undefined)?.code;
    // Of a missing key the message says where it should be; the network's may name the request.
    const why = name === "TimeoutError" ? `no answer for ${answerMs / 1000} s` : name === "Terminal" ? message : (code ?? name);
    return { kind: "failed", why, final: false };
  }
}

/** Sends events in the background. A receiver that fails or hangs costs nobody anything but the events it does not get. */
export function eventPost(options: EventPostOptions): EventPost {
  const { clock, random, log, onOutcome } = options;
  const ended = new AbortController();
  const waiting: object[] = [];
  let working: Promise<void> | null = null;
  let failing = false;

  const sendOne = async (event: object): Promise<Outcome> => {
    for (let tries = 1; !ended.signal.aborted; tries++) {
      const tried = await send(event, options, ended.signal);
      if (tried.kind === "sent") {
        if (failing) log.info({ url: options.url }, "lineage receiver answers again");
        failing = false;
        return "sent";
      }
      if (!failing && !ended.signal.aborted)
        log.warn({ url: options.url, error: tried.why }, "lineage event not sent; the pipeline goes on without");
      failing = true;
      if (tried.final || tries === triesMax) break;
      const boundMs = Math.min(pauseFirstMs * 2 ** (tries - 1), pauseMaxMs);
      await sleep(clock, boundMs / 2 + (boundMs / 2) * random(), ended.signal);
    }
    return "dropped";
  };
  const work = async (): Promise<void> => {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) onOutcome(await sendOne(event));
    working = null;
  };
  return {
    post(event) {
      if (ended.signal.aborted) return onOutcome("dropped");
      if (waiting.length === waitingMax) {
        waiting.shift();
        onOutcome("dropped");
      }
      waiting.push(event);
      working ??= work();
    },
    settled: async () => {
      await working;
    },
    [Symbol.dispose]: () => ended.abort(),
  };
}
