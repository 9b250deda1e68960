import type { KubeObject } from "../kube/kube-object.ts";
import type { Clock } from "./clock.ts";
import type { Happening } from "./event-recorder.ts";

/** Without a repeat for this long a series is over, in milliseconds: the next is an event of its own. */
const seriesMs = 600_000;
/** First pause between two writes of a series' count, in milliseconds; doubles with each. */
const writeFirstMs = 30_000;
/** Longest such pause, in milliseconds: how far behind the count of a series may be. */
const writeMsMax = 600_000;
/** Series that are remembered; of more, the one that is silent longest is over. */
const seriesMax = 4_096;
/** Events an object may tell at once, and how often one more, in milliseconds. client-go's. */
const burst = 25;
const refillMs = 300_000;
/** Objects whose events are counted; of more, the one that is silent longest may begin anew. */
const objectsMax = 4_096;

/** An object as its Event names it: thousands of series must not keep thousands of objects as they were. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** The same that happened to an object again and again. */
export interface Series {
  readonly regarding: Regarding;
  /** Where its Event is. */
  readonly namespace: string;
  readonly happening: Happening;
  /** Name of its Event, once it has one; whoever sends keeps it here. */
  eventName: string | null;
  /** The Event is there. */
  isMade: boolean;
  count: number;
  /** When it happened last, since the epoch. */
  lastMs: number;
}

/** Who sends. Each answers false where too many wait. */
export interface EventSeriesOptions {
  readonly clock: Clock;
  readonly first: (one: Series) => boolean;
  /** The count has changed. */
  readonly again: (one: Series) => boolean;
}

/** What happened lately. */
export interface EventSeries {
  /** Lets it be sent, or counts it on the series it belongs to; dropped: its object tells too much, or too many wait. */
  count(regarding: KubeObject, happening: Happening): "queued" | "counted" | "dropped";
  /** Lets the counts that have changed be sent. */
  flush(): void;
}

/** A series with when to write next. */
interface Kept {
  readonly one: Series;
  readonly key: string;
  /** When it happened last, on the monotonic clock. */
  heardMs: number;
  /** Its count as last sent. */
  sent: number;
  pauseMs: number;
  /** Takes back the next look at it. */
  cancel: () => void;
}

/** None yet. */
export function createEventSeries({ clock, first, again }: EventSeriesOptions): EventSeries {
  const all = new Map<string, Kept>();
  const spam = createSpamFilter(clock);

  const isOver = (kept: Kept): boolean => clock.monotonic() - kept.heardMs >= seriesMs;
  const write = (kept: Kept): void => {
    if (kept.sent === kept.one.count || !again(kept.one)) return;
    kept.sent = kept.one.count;
    kept.pauseMs = Math.min(kept.pauseMs * 2, writeMsMax);
  };
  /** Looks again when the pause is over, and forgets it when it has been silent for long. */
  const schedule = (kept: Kept): void => {
    kept.cancel = clock.after(kept.pauseMs, () => {
      write(kept);
      if (isOver(kept)) all.delete(kept.key);
      else schedule(kept);
    });
  };
  const end = (kept: Kept): void => {
    kept.cancel();
    write(kept);
    all.delete(kept.key);
  };
  const repeat = (kept: Kept): void => {
    kept.one.count += 1;
    kept.one.lastMs = clock.now();
    kept.heardMs = clock.monotonic();
    // The last is the latest.
    all.delete(kept.key);
    all.set(kept.key, kept);
    if (kept.one.count === 2) write(kept);
  };
  const begin = (key: string, object: KubeObject, happening: Happening): "queued" | "dropped" => {
    const regarding = referenceTo(object);
    const { namespace = "default" } = regarding;
    const one: Series = { regarding, namespace, happening, lastMs: clock.now(), count: 1, eventName: null, isMade: false };
    if (!spam(keyOf(object)) || !first(one)) return "dropped";
    const kept: Kept = { one, key, heardMs: clock.monotonic(), sent: 1, pauseMs: writeFirstMs / 2, cancel: () => {} };
    all.set(key, kept);
    schedule(kept);
    for (const oldest of all.values()) {
      if (all.size <= seriesMax) break;
      end(oldest);
    }
    return "queued";
  };
  return {
    count: (regarding, happening) => {
      const { type, reason, action, note } = happening;
      const key = JSON.stringify([keyOf(regarding), type, reason, action, note]);
      const kept = all.get(key);
      if (kept !== undefined && !isOver(kept)) {
        repeat(kept);
        return "counted";
      }
      if (kept !== undefined) end(kept);
      return begin(key, regarding, happening);
    },
    flush: () => {
      for (const kept of all.values()) end(kept);
    },
  };
}

function referenceTo({ apiVersion, kind, metadata: { namespace, name, uid, resourceVersion } }: KubeObject): Regarding {
  return { apiVersion, kind, namespace, name, uid, resourceVersion };
}

const keyOf = ({ kind, metadata }: KubeObject): string => metadata.uid ?? `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;

/** Whether an object may tell one more. */
function createSpamFilter(clock: Clock): (object: string) => boolean {
  const buckets = new Map<string, { readonly tokens: number; readonly atMs: number }>();
  return (object) => {
    const nowMs = clock.monotonic();
    const before = buckets.get(object) ?? { tokens: burst, atMs: nowMs };
    const tokens = Math.min(burst, before.tokens + (nowMs - before.atMs) / refillMs);
    const isAllowed = tokens >= 1;
    buckets.delete(object);
    buckets.set(object, { tokens: isAllowed ? tokens - 1 : tokens, atMs: nowMs });
    for (const oldest of buckets.keys()) {
      if (buckets.size <= objectsMax) break;
      buckets.delete(oldest);
    }
    return isAllowed;
  };
}
