import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../control/clock.ts";
import type { OwnWrites } from "../control/own-writes.ts";
import type { Reconcile } from "../control/reconcile.ts";
import type { Api } from "../kube/api.ts";
import { isApiError } from "../kube/api-error.ts";
import { missingReferences } from "./missing-references.ts";
import { fieldManager } from "./names.ts";
import type { LiveConnection } from "./observed.ts";
import type { PipelineStores } from "./pipeline-stores.ts";
import { referencesOf } from "./references-of.ts";
import { resourceType } from "./resource-types.ts";
import { type ConnectionStatus, connectionStatus } from "./status/connection-status.ts";
import { mergePatch } from "./status/merge-patch.ts";

/** What Connections are reconciled with. */
export interface ConnectionReconcileOptions {
  /** Writes; only while this process leads. */
  readonly api: Pick<Api, "patch">;
  /** null: the namespace is not in the scope of this operator. */
  readonly storesOf: (namespace: string) => PipelineStores | null;
  readonly ownWrites: OwnWrites;
  readonly clock: Clock;
}

/** Says on a Connection whether what it refers to is there. Nothing is written that is written already. */
export function reconcileConnection({ api, storesOf, ownWrites, clock }: ConnectionReconcileOptions): Reconcile {
  return async (key, signal) => {
    const stores = storesOf(key.namespace);
    const connection = stores?.connections.get(key) ?? null;
    if (stores === null || connection === null || connection.metadata.deletionTimestamp !== undefined)
      return { requeueAfterMs: null };
    const before = (connection as LiveConnection & { readonly status?: ConnectionStatus }).status ?? {};
    const named = referencesOf({}, [{ name: key.name, spec: connection.spec }]).map((reference) => ({
      ...reference,
      namedBy: reference.namedBy.map((path) => path.replace(`Connection ${key.name}: `, "")),
    }));
    const missing = missingReferences(key.namespace, named, ({ kind, name }) => {
      const place = { ...key, name };
      return kind === "Secret"
        ? stores.secrets.get(place) !== null
        : (stores.configMaps.get(place) ?? stores.revisions.get(place)) !== null;
    });
    const after = connectionStatus(connection, { before, missing, nowMs: clock.now() });
    if (isDeepStrictEqual(before, after)) return { requeueAfterMs: null };
    const patch = { metadata: { uid: connection.metadata.uid }, status: mergePatch(before, after) };
    try {
      const written = await api.patch(resourceType.connection, key, patch, { fieldManager, subresource: "status", signal });
      ownWrites.wrote(key, written, stores.connections);
    } catch (error) {
      // Deleted under our hands.
      if (!isApiError(error, "NotFound")) throw error;
    }
    return { requeueAfterMs: null, settled: false };
  };
}
