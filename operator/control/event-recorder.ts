import type { KubeObject } from "../kube/kube-object.ts";

/** Something worth telling whoever looks at an object. */
export interface Happening {
  readonly type: "Normal" | "Warning";
  /** Why, in CamelCase: what the events are grouped by. */
  readonly reason: string;
  /** What was done: `Roll`, `Scale`. */
  readonly action: string;
  /** In a sentence; at most 1024 characters are kept. No secrets. */
  readonly note: string;
}

/** Tells it on the object as an Event. Never blocks, never throws; what repeats is counted instead of told again, what is too much is dropped. */
export interface EventRecorder {
  record(regarding: KubeObject, happening: Happening): void;
}
