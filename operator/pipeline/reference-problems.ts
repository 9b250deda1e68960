import type { Problem } from "../../crds/check.ts";
import type { NamedReference } from "./references-of.ts";

/** Kubernetes' rules for the names of Secrets and ConfigMaps (a DNS subdomain) and for their keys, which are file names. */
const nameRule = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const keyRule = /^(?!\.\.)[-._a-zA-Z0-9]+$/;

/** References that can lead nowhere: no Secret and no ConfigMap can have such a name or key. */
export function referenceProblems(references: readonly NamedReference[]): readonly Problem[] {
  return references.flatMap(({ kind, name, keys, namedBy }): Problem[] => {
    const path = namedBy[0] ?? "spec";
    if (!nameRule.test(name))
      return [{ path, message: `"${name}" can be no ${kind}'s name: small letters, digits, dashes and dots only` }];
    return keys
      .filter((key) => !keyRule.test(key) || key === ".")
      .map((key) => ({
        path,
        message: `"${key}" can be no key of a ${kind}: letters, digits, dashes, underscores and dots only`,
      }));
  });
}
