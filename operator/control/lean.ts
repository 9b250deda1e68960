import type { KubeObject } from "../kube/kube-object.ts";

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * An object without what fills a cache and nobody reads: which fields each manager set (who and how stays: applyOwned looks at
 * it), and kubectl's copy of the whole.
 */
export function lean<T extends KubeObject>(object: T): T {
  const { managedFields, annotations, ...metadata } = object.metadata;
  const { [lastApplied]: _copy, ...kept } = annotations ?? {};
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(annotations && { annotations: kept }),
      ...(managedFields && {
        managedFields: managedFields.map(({ manager, operation, subresource }) => ({
          manager,
          operation,
          ...(subresource && { subresource }),
        })),
      }),
    },
  };
}

/** Freezes an object and all in it. */
export function deepFrozen<T extends object>(value: T): T {
  for (const member of Object.values(value) as unknown[]) if (typeof member === "object" && member !== null) deepFrozen(member);
  return Object.freeze(value);
}
