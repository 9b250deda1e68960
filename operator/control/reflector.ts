import type { Logger } from "pino";
import type { Api, Selection } from "../kube/api.ts";
import { ApiError, isApiError } from "../kube/api-error.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { ResourceType } from "../kube/resource-type.ts";
import type { Clock } from "./clock.ts";
import { sleep } from "../kube/timing.ts";
import type { CacheObserver, CacheSnapshot } from "./control-metrics.ts";
import { followWatch, InitialEventsMissing, VersionsWentBack } from "./follow-watch.ts";
import { lean } from "./lean.ts";
import { type Listing, listPages } from "./list-pages.ts";
import { createObjectStore, type FilledStore, keyOf, type ObjectStore, type OnChange } from "./object-store.ts";
import { type Ending, failuresAfter, pauseAfter, silenceMsMax, watchSeconds } from "./reflector-pauses.ts";
import { createSharedParts, type ShareParts } from "./shared-parts.ts";
import type { Indexes } from "./store.ts";

/** What is reflected, and with what. */
export interface ReflectorOptions<T extends KubeObject> {
  readonly api: Pick<Api, "list" | "watch">;
  readonly type: ResourceType;
  /** Which objects; all of the type without it. */
  readonly selection?: Selection;
  readonly indexes?: Indexes<T>;
  /** What of an object is kept; `lean` without it. Must not change what it is given. */
  readonly transform?: (object: T) => T;
  /** Shares parts with other caches that were given the same; without it only within this one. */
  readonly share?: ShareParts;
  /** Told of each change, in order, when it is in the store. What it throws is logged and goes no further. */
  readonly onChange?: OnChange<T>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Pick<Logger, "debug" | "info" | "warn" | "error">;
  /** Where its metrics go: `(snapshot) => metrics.cache("pods", snapshot)`. */
  readonly observe?: (snapshot: () => CacheSnapshot) => CacheObserver;
}

/** A store that follows the API server. Disposing of it ends its watch; the store stays as it is. */
export interface Reflector<T extends KubeObject> extends AsyncDisposable {
  readonly store: ObjectStore<T>;
  /** Resolves once all that was there at the start is in. Rejects only if it is disposed of before. */
  readonly synced: Promise<void>;
  /** When the API server was last heard of, on `clock.monotonic()`; bookmarks come each minute. */
  lastContactMs(): number;
}

/** What the rounds share. */
interface Run<T extends KubeObject> extends ReflectorOptions<T> {
  readonly share: ShareParts;
  readonly filling: FilledStore<T>;
  readonly stop: AbortSignal;
  readonly heard: () => void;
  readonly filled: () => void;
}

/**
 * Keeps a store of all objects of a type as the API server has them, a moment late, whatever becomes of the connection: it goes
 * on where it was, and lists again where that is no longer possible. No change is missed or told twice; what happened between
 * two looks is told as its outcome, a name that changed hands as a deletion and an addition.
 */
export function startReflector<T extends KubeObject>(options: ReflectorOptions<T>): Reflector<T> {
  const { clock, log, type, onChange } = options;
  const controller = new AbortController();
  const { promise: synced, resolve, reject } = Promise.withResolvers<void>();
  synced.catch(() => {});
  let lastContactMs = clock.monotonic();
  const filling = createObjectStore<T>(options.indexes ?? {}, (before, after) => {
    try {
      onChange?.(before, after);
    } catch (error) {
      log.error({ kind: type.kind, err: error }, "a listener failed on a change of the cache");
    }
  });
  const snapshot = () => ({ objects: filling.list().length, ageSeconds: (clock.monotonic() - lastContactMs) / 1000 });
  const observer = options.observe?.(snapshot);
  const run: Run<T> = {
    ...options,
    share: options.share ?? createSharedParts(),
    filling,
    stop: controller.signal,
    heard: () => (lastContactMs = clock.monotonic()),
    filled: () => {
      observer?.listed();
      log.debug({ kind: type.kind, objects: filling.list().length }, "cache filled");
      resolve();
    },
  };
  const ended = keepFollowing(run, () => observer?.watchRestarted());
  return {
    store: filling,
    synced,
    lastContactMs: () => lastContactMs,
    [Symbol.asyncDispose]: async () => {
      controller.abort(new Error(`${type.kind}: the cache has ended`));
      await ended;
      reject(new Error(`${type.kind}: the cache ended before it was filled`));
    },
  };
}

/** Failures after which a watch that begins with all that is there is given up in favour of a list, for once. */
const watchListTriesMax = 3;
/** What a server says that is busy, starts or stops: the watch goes on later where it was. */
const passing: ReadonlySet<number> = new Set([429, 500, 502, 503]);

async function keepFollowing<T extends KubeObject>(run: Run<T>, restarted: () => void): Promise<void> {
  const { clock, random, stop } = run;
  let list = true;
  let watchListRefused = false;
  let failures = 0;
  for (;;) {
    const initial = list && !watchListRefused && failures < watchListTriesMax;
    const ending: RoundEnding = await round(run, list, initial);
    if (stop.aborted) return;
    if (initial && !ending.filled && refusesWatchList(ending.error)) {
      watchListRefused = true;
      continue;
    }
    list = (list && !ending.filled) || needsList(ending.error);
    failures = failuresAfter(failures, ending);
    const pauseMs = pauseAfter(failures, ending, random());
    tell(run, ending, { list, pauseMs });
    if (pauseMs > 0) await sleep(clock, pauseMs, stop);
    if (stop.aborted) return;
    restarted();
  }
}

interface RoundEnding extends Ending {
  /** The store has all that was there. */
  readonly filled: boolean;
}

/** One watch, after a list where one is needed and the watch does not begin with it (`initial`). */
async function round<T extends KubeObject>(run: Run<T>, list: boolean, initial: boolean): Promise<RoundEnding> {
  const { api, type, selection = {}, stop, filling, clock } = run;
  const beganMs = clock.monotonic();
  let heardAny = false;
  let filled = false;
  const heard = (): void => {
    heardAny = true;
    run.heard();
  };
  const nowFilled = (): void => {
    filled = true;
    run.filled();
  };
  const prepare = (object: T): T => run.share((run.transform ?? lean)(object), filling.get(keyOf(object)));
  const ending = (error: unknown): RoundEnding => ({ error, lastedMs: clock.monotonic() - beganMs, heard: heardAny, filled });
  try {
    if (list && !initial) {
      await fillByList<T>({ api, type, selection, signal: stop, prepare, heard }, filling);
      nowFilled();
    }
    const events = api.watch<T>(type, {
      ...selection,
      ...(initial ? { sendInitialEvents: true } : { resourceVersion: String(filling.resourceVersion) }),
      timeoutSeconds: watchSeconds(run.random()),
      silenceMsMax,
      signal: stop,
    });
    await followWatch({ events, store: filling, prepare, initial, heard, filled: nowFilled });
    return ending(null);
  } catch (error) {
    return ending(error);
  }
}

/** On its own, so that the list is not kept in memory by the frame of a watch that lasts. */
async function fillByList<T extends KubeObject>(listing: Listing<T>, filling: FilledStore<T>): Promise<void> {
  const { objects, resourceVersion } = await listPages<T>(listing);
  filling.replace(objects, BigInt(resourceVersion));
}

function refusesWatchList(error: unknown): boolean {
  return error instanceof InitialEventsMissing || isApiError(error, "Invalid", "BadRequest");
}

function needsList(error: unknown): boolean {
  return error instanceof VersionsWentBack || (error instanceof ApiError && !passing.has(error.code));
}

function tell<T extends KubeObject>(
  { log, type }: Run<T>,
  { error, lastedMs }: Ending,
  then: { readonly list: boolean; readonly pauseMs: number },
): void {
  const fields = { kind: type.kind, lastedMs: Math.round(lastedMs), ...then };
  if (error === null) log.debug(fields, "watch ended, begun again");
  else if (isApiError(error, "Expired", "Gone")) log.info(fields, "watch is too far behind: everything is listed again");
  // A server that has just started, or is busy, says so; nothing is wrong.
  else if (isApiError(error, "TooManyRequests")) log.info({ ...fields, error: error.message }, "watch put off by the API server");
  else log.warn({ ...fields, err: error }, "watch failed, begun again");
}
