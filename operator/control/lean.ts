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
