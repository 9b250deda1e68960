import type { ConnectionSpec } from "../../crds/kinds/connection.ts";
import type { PipelineSpec } from "../../crds/kinds/pipeline.ts";
import type { Store } from "../control/store.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { ObjectKey } from "../kube/object-key.ts";

/** A Pipeline as the API server has it. */
export interface NeighbourPipeline extends KubeObject {
  readonly spec: PipelineSpec;
}
/** A Connection as the API server has it. */
export interface NeighbourConnection extends KubeObject {
  readonly spec: ConnectionSpec;
}

/** What an object is checked against besides itself. */
export interface Neighbours {
  readonly pipelines: Pick<Store<NeighbourPipeline>, "list">;
  readonly connections: Pick<Store<NeighbourConnection>, "get" | "list">;
  /** The Connection as it is at this moment; null: there is none. For what the store may have missed: both may be applied at once. */
  readConnection(key: ObjectKey, signal: AbortSignal): Promise<NeighbourConnection | null>;
}
