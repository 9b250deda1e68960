import type { Problem } from "../../crds/check.ts";
import type { Connection } from "../../crds/kinds/connection.ts";
import type { Pipeline } from "../../crds/kinds/pipeline.ts";
import type { PipelineStatus } from "../../crds/kinds/pipeline-status.ts";
import type { KubeObject, ObjectMeta } from "../kube/kube-object.ts";
import type { Probed } from "../probe/probed.ts";
import type { PodReport } from "./pod-report.ts";
import type { Remembered } from "./remembered.ts";

/** A Pipeline as the API server has it. */
export type LivePipeline = Omit<Pipeline, "metadata"> & { readonly metadata: ObjectMeta; readonly status?: PipelineStatus };
/** A Connection as the API server has it. */
export type LiveConnection = Omit<Connection, "metadata"> & { readonly metadata: ObjectMeta };

/** A Secret or ConfigMap that a pipeline or one of its Connections names. */
export interface Reference {
  readonly kind: "Secret" | "ConfigMap";
  readonly name: string;
  /** Keys that are read, sorted. */
  readonly keys: readonly string[];
  /** `uid/resourceVersion`; null: it is not there. */
  readonly version: string | null;
}

/** What a revision is made of, and the whole of what its pods need. Content of its ConfigMap; never changed. */
export interface Revision {
  /** 10 hex digits: digest of `content`. */
  readonly hash: string;
  /** See `identityOf` in revision.ts. */
  readonly identity: string;
  readonly content: RevisionContent;
  /** The pod template as it was rendered when the revision was made: an operator of another version leaves it as it is. */
  readonly template: PodTemplate;
}

/** What makes two revisions the same. */
export interface RevisionContent {
  /** The spec without what no pod reads: replicas, scaling, suspend, rollout, quality.rows. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** metadata.generation of the Pipeline when it was made. Not part of the digest. */
  readonly generation: number;
  readonly connections: readonly { readonly name: string; readonly spec: unknown }[];
  readonly references: readonly Reference[];
  /** The owner's roll annotation; empty without. */
  readonly roll: string;
}

/** `spec.template` of a Deployment. */
export interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A Deployment, as far as it is read. */
export interface LiveDeployment extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly template: PodTemplate;
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly unavailableReplicas?: number;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
      readonly lastUpdateTime?: string;
    }[];
  };
}

/** A pod, in brief. */
export interface ObservedPod {
  readonly name: string;
  readonly uid: string;
  /** Empty where the label is missing. */
  readonly revision: string;
  readonly image: string;
  /** Empty before it has one. */
  readonly ip: string;
  readonly phase: string;
  readonly ready: boolean;
  /** Since when it is ready, or is not, in milliseconds since the epoch. */
  readonly readySinceMs: number;
  readonly deleting: boolean;
  /** When it has to have ended, its grace period included, in milliseconds since the epoch; null where it is not deleted. */
  readonly endDueMs: number | null;
  /** Empty before it is scheduled. */
  readonly node: string;
  readonly createdMs: number;
  /** How often its container has ended. */
  readonly ends: number;
  /** Why its container waits or a pod cannot be scheduled: `ImagePullBackOff: …`; null where nothing keeps it. */
  readonly waiting: { readonly reason: string; readonly message: string } | null;
  /** How its container last ended; null where it never did. */
  readonly ended: {
    readonly exitCode: number;
    /** OOMKilled, Error, or what the runtime itself wrote: SinkUnreachable … */
    readonly reason: string;
    readonly message: string;
    readonly atMs: number;
  } | null;
  /** What it told about itself, as last asked; null before its first answer or where it does not answer. */
  readonly report: PodReport | null;
  /** True once it was asked by this process, whether it answered or not. */
  readonly asked: boolean;
}

/** A pod that is gone, remembered for a few minutes, for what it told last and how it ended. */
export interface DepartedPod {
  readonly name: string;
  readonly uid: string;
  readonly revision: string;
  /** When it was gone, in milliseconds since the epoch. */
  readonly atMs: number;
  /** How its container ended; null where that was not seen. */
  readonly ended: ObservedPod["ended"];
  readonly report: PodReport | null;
}

/** What keeps a child from being written; `object` is as in `Deployment pipeline-orders`. */
export type Obstacle =
  /** An object of its name belongs to somebody else. */
  | { readonly kind: "foreign"; readonly object: string }
  /** The API server does not take it: wrong, or against a quota or a policy. */
  | { readonly kind: "refused"; readonly object: string; readonly why: string };

/** All that a decision is made from, as plain data. Nothing in it is newer than the moment it was read. */
export interface Observed {
  readonly pipeline: LivePipeline;
  readonly connections: ReadonlyMap<string, LiveConnection | null>;
  readonly references: readonly Reference[];
  /** Oldest first. */
  readonly revisions: readonly Revision[];
  /** Of the spec as it is now; null: not looked at, because the revision of this spec is already there. */
  readonly specProblems: readonly Problem[] | null;
  readonly deployment: LiveDeployment | null;
  /** ServiceAccount, PodDisruptionBudget and NetworkPolicy that are there, and the revisions' ConfigMaps. */
  readonly children: readonly KubeObject[];
  readonly pods: readonly ObservedPod[];
  readonly departed: readonly DepartedPod[];
  /** Why a child could not be written at the last try; null: nothing was in the way. */
  readonly obstacle: Obstacle | null;
  /** Of its source, while it runs no pod. */
  readonly probed: Probed;
  /** From the last look. */
  readonly remembered: Remembered;
  readonly nowMs: number;
}
