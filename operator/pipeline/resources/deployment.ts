import type { PipelineSpec } from "../../../crds/kinds/pipeline.ts";
import { childMetadata } from "./child-metadata.ts";
import { podSelector } from "./child-labels.ts";
import type { Owner } from "./owner-reference.ts";
import type { Revision } from "../observed.ts";

/** What of a Deployment is not in its revision. */
export interface DeploymentOptions {
  readonly replicas: number;
  /** How long a rollout may take, in seconds: more than `minReadySeconds`. */
  readonly deadlineSeconds: number;
}

/** How long a pod must have been ready before one of the former is taken down, in seconds: one that dies right away is none. */
const minReadySeconds = 5;

/** The Deployment that runs a revision. */
export function deployment(pipeline: Owner, revision: Revision, { replicas, deadlineSeconds }: DeploymentOptions) {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: childMetadata(pipeline),
    spec: {
      replicas,
      selector: podSelector(pipeline.name),
      strategy: strategyOf(revision.content.spec as PipelineSpec),
      minReadySeconds,
      progressDeadlineSeconds: deadlineSeconds,
      // What to go back to is in the revisions' ConfigMaps; the former ReplicaSet is enough to see what ran.
      revisionHistoryLimit: 2,
      template: revision.template,
    },
  };
}

/**
 * New pods beside the old ones, of which none goes before a new one is ready. A reader of files and a DuckDB file allow one process:
 * a second one beside it would wait for its lock for ever, so there the old pod goes first.
 */
export function strategyOf({ source, sink }: PipelineSpec) {
  if (source.files !== undefined || sink.duckdb !== undefined) return { type: "Recreate" } as const;
  return { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: "25%" } } as const;
}
