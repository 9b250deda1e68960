import { group } from "../../crds/kinds/kind.ts";

/** Who owns the fields that the operator writes. */
export const fieldManager = "snowline-operator";
/** Keeps a Pipeline until its pods have drained. */
export const finalizer = `${group}/drain`;
/** Port of a pod's /metrics, /status and /healthz. */
export const podPort = 9464;

/** Labels of everything that belongs to a pipeline. */
export const label = {
  managedBy: "app.kubernetes.io/managed-by",
  name: "app.kubernetes.io/name",
  instance: "app.kubernetes.io/instance",
  /** Name of the Pipeline: the pods' selector, with nothing else beside it, for a Deployment's selector can never change. */
  pipeline: `${group}/pipeline`,
  /** The revision that a pod runs, a revision's ConfigMap holds. */
  revision: `${group}/revision`,
} as const;
/** Value of `label.managedBy`: what the operator's watches select. */
export const managedBy = "snowline";

/** Annotations. */
export const annotation = {
  /** On a Pipeline, by its owner: another value rolls its pods, with the image that the operator has now. */
  roll: `${group}/roll`,
  /** On a revision's ConfigMap: which generations and versions it was found to be equal to. */
  identity: `${group}/identity`,
  /** On what the operator made: digest of what it wanted there. */
  applied: `${group}/applied`,
} as const;

/** Name of everything that a pipeline has one of: not the pipeline's own, which an owner's Deployment may well have. */
export const childName = (pipeline: string): string => `pipeline-${pipeline}`;
/** Name of a revision's ConfigMap. */
export const revisionName = (pipeline: string, revision: string): string => `${childName(pipeline)}-${revision}`;
