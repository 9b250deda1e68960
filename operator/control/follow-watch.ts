import type { WatchEvent } from "../kube/api.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import { type FilledStore, keyOf } from "./object-store.ts";
import { keyText } from "../kube/object-key.ts";

/** Ends what a server tells of what was there at the start. */
const initialEventsEnd = "k8s.io/initial-events-end";

/** The server does not tell what is there (WatchList): it has to be listed. */
export class InitialEventsMissing extends Error {
  override readonly name = "InitialEventsMissing";
}
/** Versions went back, as when a cluster is restored from a backup: everything has to be listed anew. */
export class VersionsWentBack extends Error {
  override readonly name = "VersionsWentBack";
}

/** A watch and what it fills. */
export interface Following<T extends KubeObject> {
  readonly events: AsyncIterable<WatchEvent<T>>;
  readonly store: FilledStore<T>;
  /** Makes of an object what is kept. */
  readonly prepare: (object: T) => T;
  /** The watch begins with all that is there: see WatchOptions.sendInitialEvents. */
  readonly initial: boolean;
  /** Called for each event, before it is in the store. */
  readonly heard: () => void;
  /** Called when all that was there is in. */
  readonly filled: () => void;
}

/**
 * Brings each event into the store until the watch ends. What is there at the start is gathered first and takes the place of
 * what the store had at once, so that nobody sees half of it.
 */
export async function followWatch<T extends KubeObject>({
  events,
  store,
  prepare,
  initial,
  heard,
  filled,
}: Following<T>): Promise<void> {
  let gathered = initial ? new Map<string, T>() : null;
  for await (const { type, object } of events) {
    heard();
    const { resourceVersion = "0", annotations } = object.metadata;
    const version = BigInt(resourceVersion);
    if (gathered !== null) {
      const name = keyText(keyOf(object));
      if (type === "DELETED") gathered.delete(name);
      else if (type !== "BOOKMARK") gathered.set(name, prepare(object));
      else if (annotations?.[initialEventsEnd] === "true") {
        store.replace(gathered.values(), version);
        gathered = null;
        filled();
      } else throw new InitialEventsMissing("watch: the server does not say when all that was there is told");
      continue;
    }
    if (version < store.resourceVersion)
      throw new VersionsWentBack(`watch: version ${version} after ${store.resourceVersion}: everything is listed anew`);
    store.reached(version);
    if (type === "DELETED") store.remove(object);
    else if (type !== "BOOKMARK") store.put(prepare(object));
  }
  if (gathered !== null) throw new InitialEventsMissing("watch: it ended before all that was there was told");
}
