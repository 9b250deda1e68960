import type { PipelineStatus } from "../../crds/kinds/pipeline-status.ts";
import type { Happening } from "../control/event-recorder.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { Sleeper } from "../probe/sleepers.ts";
import type { Remembered } from "./remembered.ts";

/** One write. Done in order; the status is written before the first that takes something away. */
export type Action =
  /** Puts the drain finalizer on the Pipeline, or takes it off: then the API server deletes it and the garbage collector what it owns. */
  | { readonly kind: "finalizer"; readonly present: boolean }
  /** Makes a child, or brings it back to what it should be. */
  | { readonly kind: "apply"; readonly object: KubeObject }
  /** Writes status and events before what follows. */
  | { readonly kind: "status" }
  /** Deletes a child. */
  | { readonly kind: "delete"; readonly object: KubeObject };

/** What to do next. */
export interface Plan {
  readonly actions: readonly Action[];
  readonly status: PipelineStatus;
  readonly happenings: readonly Happening[];
  /** Look again after this long though nothing changes, in milliseconds; null: no need. */
  readonly requeueAfterMs: number | null;
  /** What the next look has to know. */
  readonly remembered: Remembered;
  /** Whose source is to be looked at until pods run again; null: pods do. */
  readonly sleeper: Sleeper | null;
}

/** What an operator was started with. */
export interface OperatorSettings {
  /** Image of new revisions' pods. */
  readonly runtimeImage: string;
  readonly imagePullPolicy: "Always" | "IfNotPresent" | "Never";
  readonly imagePullSecrets: readonly string[];
  /** How long a rollout may take when the pipeline does not say, in seconds. */
  readonly rolloutDeadlineSeconds: number;
  /** Whether sources of pipelines without a pod are looked at by the operator, which reads the secrets of their Connections to do so. */
  readonly scaleToZero: boolean;
}
