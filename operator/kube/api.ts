import type { KubeObject } from "./kube-object.ts";
import type { ObjectKey } from "./object-key.ts";
import type { ResourceType } from "./resource-type.ts";

/** One page of a list. */
export interface Page<T extends KubeObject> {
  readonly items: readonly T[];
  /** Version of the whole list: a watch goes on from there. */
  readonly resourceVersion: string;
  /** Empty on the last page. */
  readonly continue: string;
}

/** Which objects a list or a watch is of. */
export interface Selection {
  /** All namespaces without it. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only `metadata` (PartialObjectMetadata): contents, such as a Secret's, never reach this process. */
  readonly metadataOnly?: boolean;
}

/** Where a list begins. */
export interface ListOptions extends Selection {
  readonly limit?: number;
  readonly continue?: string;
  /** "0": whatever the server has at hand. */
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}

/** Where a watch begins. */
export interface WatchOptions extends Selection {
  /** Absent together with `sendInitialEvents`: from now. */
  readonly resourceVersion?: string;
  /** First everything that is there, then a bookmark annotated `k8s.io/initial-events-end` (WatchList). */
  readonly sendInitialEvents?: boolean;
  /** The server ends the watch after this long. */
  readonly timeoutSeconds: number;
  /** Longest silence, bookmarks included, before the connection counts as dead, in milliseconds. */
  readonly silenceMsMax: number;
  readonly signal: AbortSignal;
}

/** One line of a watch. A bookmark's object has `metadata` only. Lines of type ERROR are thrown as ApiError. */
export interface WatchEvent<T extends KubeObject> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: T;
}

/** What may stop a write on its way. */
export interface WriteGuard {
  /** Called right before each try goes out: what it throws ends the call, and nothing is sent. */
  readonly guard?: () => void;
}

/** How a write is made. */
export interface WriteOptions extends WriteGuard {
  /** Who owns the fields that are written. */
  readonly fieldManager: string;
  readonly subresource?: "status" | "scale";
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** What a delete expects. */
export interface DeleteOptions extends WriteGuard {
  /** Only this very object, not one of the same name made since. */
  readonly uid?: string;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly signal?: AbortSignal;
}

/**
 * The Kubernetes API server. Every call but `watch` has a deadline of its own, waits and tries again for 429 and for what a retry
 * cannot make worse, and throws ApiError for what the server refuses; a connection that fails throws an ordinary Error.
 */
export interface Api {
  /** null where there is none. */
  get<T extends KubeObject>(type: ResourceType, key: ObjectKey, options?: { readonly signal?: AbortSignal }): Promise<T | null>;
  list<T extends KubeObject>(type: ResourceType, options?: ListOptions): Promise<Page<T>>;
  /** Ends when the server ends it. Throws ApiError (`Expired` and `Gone`: list again), or Error where the connection broke or fell silent. */
  watch<T extends KubeObject>(type: ResourceType, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** Throws ApiError `AlreadyExists`. */
  create<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T>;
  /** Server-side apply, taking over fields that others own (`force`). */
  apply<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T>;
  /** A merge patch (an object) or a JSON patch (an array). Throws ApiError `NotFound`. */
  patch<T extends KubeObject>(type: ResourceType, key: ObjectKey, patch: object, options: WriteOptions): Promise<T>;
  /** Replaces it; `metadata.resourceVersion` guards against writes in between (ApiError `Conflict`). */
  replace<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions): Promise<T>;
  /** False where there is none. */
  delete(type: ResourceType, key: ObjectKey, options?: DeleteOptions): Promise<boolean>;
}
