import type { Problem } from "../../crds/check.ts";
import type { Reference } from "./observed.ts";
import type { NamedReference } from "./references-of.ts";

/** Secrets and ConfigMaps that are not there, each with the field that names it and what to do. */
export function missingReferences(
  namespace: string,
  named: readonly NamedReference[],
  isThere: (reference: Pick<Reference, "kind" | "name">) => boolean,
): readonly Problem[] {
  return named
    .filter((reference) => !isThere(reference))
    .map(({ kind, name, namedBy }) => ({
      path: namedBy[0] ?? "spec",
      message: `there is no ${kind} "${name}" in namespace ${namespace}: create it, or name one that is there`,
    }));
}
