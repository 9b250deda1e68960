/** Names an object among those of its type. `namespace` is empty for a cluster's own. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** `namespace/name`, or `name` alone: unique within a type, so that it can be the key of a map. */
export function keyText({ namespace, name }: ObjectKey): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}
