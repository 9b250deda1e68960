/** A type of objects as the API server's paths name it. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** As in the path: `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

/** `apiVersion` of the type's objects: `apps/v1`, `v1`. */
export function apiVersionOf({ group, version }: ResourceType): string {
  return group === "" ? version : `${group}/${version}`;
}
