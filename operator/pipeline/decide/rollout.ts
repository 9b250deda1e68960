import type { PipelineStatus } from "../../../crds/kinds/pipeline-status.ts";
import type { Trouble } from "./pod-trouble.ts";

/** How the pods come to run the revision that they are to run. */
export type Rollout =
  /** No revision has ever been good enough to run. */
  | { readonly kind: "none" }
  /** No pod is wanted: nothing can prove itself. */
  | { readonly kind: "asleep" }
  /** New pods have until the deadline to prove themselves. Time alone changes nothing before `lookAgainMs`, since the epoch. */
  | { readonly kind: "running"; readonly sinceMs: number; readonly lookAgainMs: number; readonly trouble: Trouble | null }
  /** The deadline is over, but it is not the change that is to blame. */
  | { readonly kind: "held"; readonly sinceMs: number; readonly trouble: Trouble }
  /** They do not become good, and there is nothing good to go back to. */
  | { readonly kind: "stuck"; readonly sinceMs: number; readonly trouble: Trouble }
  | { readonly kind: "proven" }
  /** It was taken back: the pods run the last good revision again. */
  | { readonly kind: "taken back"; readonly failed: FailedRollout };

/** See the field of the same name in the status. */
export type FailedRollout = NonNullable<PipelineStatus["failedRollout"]>;
