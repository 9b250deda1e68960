import type { KubeObject } from "../kube/kube-object.ts";
import type { ObjectKey } from "../kube/object-key.ts";

/** What is known of the objects of one type, as a watch tells it: a moment old. Objects are frozen; nobody changes them. */
export interface Store<T extends KubeObject> {
  get(key: ObjectKey): T | null;
  /** All of them, in no order. */
  list(): readonly T[];
  /** Those for which the index named `index` answered `value`. Throws for an index that is not there. */
  by(index: string, value: string): readonly T[];
  /** True once everything that was there at the start is in. */
  readonly synced: boolean;
}

/** Values by which an object is found: owner uids, names of referenced Secrets … */
export type Indexes<T extends KubeObject> = Readonly<Record<string, (object: T) => readonly string[]>>;
