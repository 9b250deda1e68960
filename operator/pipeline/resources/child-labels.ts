import { label, managedBy } from "../names.ts";

/** Labels of everything that belongs to a pipeline. */
export function childLabels(pipeline: string): Readonly<Record<string, string>> {
  return {
    [label.name]: "snowline-pipeline",
    [label.instance]: pipeline,
    [label.managedBy]: managedBy,
    [label.pipeline]: pipeline,
  };
}

/** The same and the revision: labels of its pods and of its ConfigMap. */
export function revisionLabels(pipeline: string, revision: string): Readonly<Record<string, string>> {
  return { ...childLabels(pipeline), [label.revision]: revision };
}

/** What selects a pipeline's pods: one label, because a Deployment's selector can never change. */
export function podSelector(pipeline: string): { readonly matchLabels: Readonly<Record<string, string>> } {
  return { matchLabels: { [label.pipeline]: pipeline } };
}
