import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Api } from "../kube/api.ts";
import { isApiError } from "../kube/api-error.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { ResourceType } from "../kube/resource-type.ts";
import { openAbortScope } from "../kube/abort-scope.ts";
import type { Clock } from "./clock.ts";
import { sleep } from "../kube/timing.ts";
import type { EventOutcome } from "./control-metrics.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { createEventSeries, type EventSeries, type Series } from "./event-series.ts";
import { createFifo } from "./fifo.ts";
import { microTime } from "./micro-time.ts";

/** Events. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
const eventType: ResourceType = {
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  plural: "events",
  namespaced: true,
};

/**
 * Events that wait to be sent; more are dropped. Two for each of thousands of objects that are made at once, while the API server is busy
 * with making them: some megabytes.
 */
const waitingMax = 10_000;
/** Tries of one event: what is still refused then will be refused again. */
const triesMax = 4;
/** First pause after a failure, in milliseconds; doubles each time. */
const pauseFirstMs = 1_000;
/** Longest that one request may take, in milliseconds. */
const requestMsMax = 10_000;
/** How long the events that wait may take to be sent at the end, in milliseconds. */
const flushMsMax = 3_000;
/** The API server's bounds: a note in bytes, the reporting instance in characters. */
const noteBytesMax = 1_024;
const instanceMax = 128;

/** What events are made of. */
export interface ApiEventRecorderOptions {
  readonly api: Pick<Api, "create" | "patch">;
  /** Who tells: `snowline.dev/operator`. */
  readonly reportingController: string;
  /** This process: the pod's name. */
  readonly reportingInstance: string;
  readonly metrics: { event(outcome: EventOutcome): void };
  readonly log: Logger;
  readonly clock: Clock;
}

/** A recorder. Disposing of it sends what waits, for three seconds at most. */
export interface ApiEventRecorder extends EventRecorder, AsyncDisposable {}

/** An event as it is written; `series` counts how often it happened. */
interface Event extends KubeObject {
  readonly eventTime: string;
  readonly [field: string]: unknown;
}

/**
 * Tells what happens as events.k8s.io/v1 Events, one after another, in the background. What happens again within ten minutes
 * counts on the Event that is there, which is written at the first repeat and then ever more rarely; an object that tells too
 * much loses what is too much.
 */
export function startApiEventRecorder(options: ApiEventRecorderOptions): ApiEventRecorder {
  const { metrics, clock, log } = options;
  const waiting = createFifo<() => Promise<void>>();
  const stop = new AbortController();
  let working: Promise<void> | null = null;

  const work = async (): Promise<void> => {
    for (let send = waiting.shift(); send !== undefined && !stop.signal.aborted; send = waiting.shift()) await send();
    working = null;
  };
  const enqueue = (send: Send): boolean => {
    if (waiting.size >= waitingMax || stop.signal.aborted) return false;
    waiting.push(() =>
      persist(send, { clock, signal: stop.signal }).catch((error: unknown) => {
        metrics.event("failed");
        log.debug({ error: error instanceof Error ? error.message : String(error) }, "event not sent");
      }),
    );
    working ??= work();
    return true;
  };
  const series: EventSeries = createEventSeries({
    clock,
    first: (one) =>
      enqueue(async (signal) => {
        await sendFirst(options, one, signal);
        metrics.event("sent");
      }),
    again: (one) => enqueue((signal) => sendAgain(options, one, signal)),
  });
  return {
    record: (regarding, happening) => {
      const outcome = series.count(regarding, { ...happening, note: cut(happening.note) });
      if (outcome !== "queued") metrics.event(outcome);
    },
    [Symbol.asyncDispose]: async () => {
      series.flush();
      const given = new AbortController();
      await Promise.race([working, sleep(clock, flushMsMax, given.signal)]);
      given.abort();
      stop.abort(new Error("events: stopped"));
    },
  };
}

/** One request; `signal` bounds it. */
type Send = (signal: AbortSignal) => Promise<void>;

async function sendFirst(options: ApiEventRecorderOptions, one: Series, signal: AbortSignal): Promise<void> {
  const { api, reportingController, reportingInstance } = options;
  const { regarding, happening } = one;
  // A name is at most 253 characters long. The same in each try, so that it is made once.
  one.eventName ??= `${regarding.name.slice(0, 236)}.${randomBytes(8).toString("hex")}`;
  const event: Event = {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { namespace: one.namespace, name: one.eventName },
    eventTime: microTime(one.lastMs),
    type: happening.type,
    reason: happening.reason,
    action: happening.action,
    note: happening.note,
    regarding,
    reportingController,
    reportingInstance: reportingInstance.slice(0, instanceMax),
  };
  try {
    await api.create<Event>(eventType, event, { fieldManager: reportingController, signal });
  } catch (error) {
    if (!isApiError(error, "AlreadyExists")) throw error;
  }
  one.isMade = true;
}

async function sendAgain(options: ApiEventRecorderOptions, one: Series, signal: AbortSignal): Promise<void> {
  const { api, reportingController } = options;
  // The first could not be sent: it is sent now, and says nothing of those before.
  if (!one.isMade || one.eventName === null) return sendFirst(options, one, signal);
  const series = { count: one.count, lastObservedTime: microTime(one.lastMs) };
  try {
    const key = { namespace: one.namespace, name: one.eventName };
    await api.patch<Event>(eventType, key, { series }, { fieldManager: reportingController, signal });
  } catch (error) {
    if (!isApiError(error, "NotFound")) throw error;
    // Events live for an hour only.
    await sendFirst(options, one, signal);
  }
}

/** Tries again what did not reach the API server. */
async function persist(send: Send, { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }): Promise<void> {
  for (let tries = 1; ; tries++) {
    using scope = openAbortScope(signal);
    const cancel = clock.after(requestMsMax, () => scope.abort(new Error(`events: no answer within ${requestMsMax} ms`)));
    try {
      return await send(scope.signal);
    } catch (error) {
      const isRefused = isApiError(error, "Forbidden", "NotFound", "Invalid", "BadRequest");
      if (isRefused || tries >= triesMax || signal.aborted) throw error;
    } finally {
      cancel();
    }
    await sleep(clock, pauseFirstMs * 2 ** (tries - 1), signal);
  }
}

/** As much of a note as the API server takes, in whole characters. */
function cut(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= noteBytesMax) return note;
  let end = noteBytesMax - Buffer.byteLength("…");
  // A byte 10xxxxxx goes on with the character before it.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.subarray(0, end).toString("utf8")}…`;
}
