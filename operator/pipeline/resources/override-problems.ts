import type { Problem } from "../../../crds/check.ts";
import { isObject } from "../../../crds/explain.ts";
import { group } from "../../../crds/kinds/kind.ts";
import type { PodOverrides } from "../../../crds/kinds/pod-overrides.ts";
import { pathText } from "../../../crds/path.ts";
import { label } from "../names.ts";
import { nameProblems } from "./name-problems.ts";
import { isWithin } from "./path-within.ts";
import { podPath, type VolumeMount, volumePrefix } from "./pod-volumes.ts";

/**
 * What of an owner's changes would take something from the operator's pods, or more from the cluster than a pipeline may have. What
 * is merely no pod, such as a toleration without a key, the API server tells.
 */
export function overrideProblems(overrides: PodOverrides, ours: readonly VolumeMount[]): readonly Problem[] {
  return [
    ...nameProblems(overrides),
    ...labelProblems(overrides.labels ?? {}),
    ...annotationProblems(overrides.annotations ?? {}),
    ...volumeProblems(overrides.volumes ?? []),
    ...mountProblems(overrides, ours),
  ];
}

const problem = (path: readonly (string | number)[], message: string): Problem => ({
  path: pathText(["spec", "pod", ...path]),
  message,
});

const ownLabels: readonly string[] = Object.values(label);
const isOurs = (key: string): boolean => ownLabels.includes(key) || key.startsWith(`${group}/`);

function labelProblems(labels: Readonly<Record<string, string>>): readonly Problem[] {
  return Object.keys(labels)
    .filter(isOurs)
    .map((key) => problem(["labels", key], "is Snowline's own, which finds the pods by it: take another label"));
}

function annotationProblems(annotations: Readonly<Record<string, string>>): readonly Problem[] {
  return Object.keys(annotations)
    .filter(isOurs)
    .map((key) => problem(["annotations", key], `begins with ${group}/, which is Snowline's own: take another annotation`));
}

/** What the restricted Pod Security profile lets a pod mount. https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted */
const volumeSources: readonly string[] = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

function volumeProblems(volumes: readonly Readonly<Record<string, unknown>>[]): readonly Problem[] {
  const names = volumes.map(({ name }) => name);
  return volumes.flatMap((volume, index): Problem[] => {
    const { name, ...sources } = volume;
    if (typeof name !== "string" || name === "") return [problem(["volumes", index, "name"], "is required: name the volume")];
    if (name.startsWith(volumePrefix))
      return [
        problem(["volumes", index, "name"], `"${name}" begins with ${volumePrefix}, as Snowline's own do: take another name`),
      ];
    if (names.indexOf(name) < index) return [problem(["volumes", index, "name"], `"${name}" is there twice: take another name`)];
    const given = Object.keys(sources).filter((source) => isObject(sources[source]));
    const refused = given.filter((source) => !volumeSources.includes(source));
    if (refused.length > 0) {
      const message = `a pipeline's pods are restricted and mount no such volume: use one of ${volumeSources.join(", ")}`;
      return refused.map((source) => problem(["volumes", index, source], message));
    }
    if (given.length === 1) return [];
    return [problem(["volumes", index], `set exactly one of: ${volumeSources.join(", ")}`)];
  });
}

function mountProblems({ volumes = [], volumeMounts = [] }: PodOverrides, ours: readonly VolumeMount[]): readonly Problem[] {
  const names = volumes.map(({ name }) => name);
  const taken = [...ours.map(({ mountPath }) => mountPath), podPath.terminationLog];
  return volumeMounts.flatMap(({ name, mountPath, subPath = "" }, index): Problem[] => {
    const at = ["volumeMounts", index, "mountPath"] as const;
    if (!names.includes(name)) {
      const there = names.length === 0 ? "there is none" : `there is ${names.join(", ")}`;
      return [problem(["volumeMounts", index, "name"], `"${name}" is no volume of spec.pod.volumes: ${there}`)];
    }
    if (!mountPath.startsWith("/") || mountPath.includes(":") || mountPath.split("/").includes(".."))
      return [problem(at, `"${mountPath}" must be an absolute path without ".." and ":", such as /data`)];
    if (subPath.startsWith("/") || subPath.split("/").includes(".."))
      return [
        problem(["volumeMounts", index, "subPath"], `"${subPath}" must be a relative path without "..", such as in/orders`),
      ];
    if (volumeMounts.findIndex((other) => other.mountPath === mountPath) < index)
      return [problem(at, `"${mountPath}" is there twice: take another path`)];
    const other = taken.find((path) => isWithin(path, mountPath) || isWithin(mountPath, path));
    if (other === undefined) return [];
    return [problem(at, `"${mountPath}" would hide ${other}, or lie in it: take another path, such as /data`)];
  });
}
