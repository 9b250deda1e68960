import { controllerOf, type KubeObject, type OwnerReference } from "./kube-object.ts";

/** An object has the name that one of ours is to have, and another owner or none: it is left as it is. */
export class NotOurs extends Error {
  override readonly name = "NotOurs";
  /** `Deployment demo/pipeline-orders` */
  readonly object: string;
  /** Who controls it; null: nobody. */
  readonly owner: OwnerReference | null;
  /** It is about to go, as the garbage collector does with what a deleted owner left: trying again will do. */
  readonly deleting: boolean;

  constructor(live: KubeObject) {
    const { kind, metadata } = live;
    const object = `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
    const owner = controllerOf(live) ?? null;
    super(
      `${object}: belongs to ${owner === null ? "nobody" : `${owner.kind} ${owner.name} (uid ${owner.uid})`}, so it is left alone: rename or delete it`,
    );
    this.object = object;
    this.owner = owner;
    this.deleting = metadata.deletionTimestamp !== undefined;
  }
}
