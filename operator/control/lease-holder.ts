import type { Api } from "../kube/api.ts";
import { isApiError } from "../kube/api-error.ts";
import type { ObjectKey } from "../kube/object-key.ts";
import { apiVersionOf } from "../kube/resource-type.ts";
import type { Clock } from "./clock.ts";
import { heldSpec, holderOf, type Lease, type LeaseTiming, leaseType, releasedSpec, type SeenLease, seeLease } from "./lease.ts";
import { microTime } from "./micro-time.ts";

/** Who wants which lease. */
export interface LeaseHolderOptions {
  readonly api: Pick<Api, "get" | "create" | "replace">;
  readonly key: ObjectKey;
  /** Of this process and no other, not even of the same pod before a restart. */
  readonly identity: string;
  readonly fieldManager: string;
  readonly timing: LeaseTiming;
  readonly clock: Clock;
}

/** How a try ended: it is ours, another's, or somebody wrote it meanwhile. */
export type Try =
  | { readonly kind: "ours" }
  | { readonly kind: "others"; readonly holder: string }
  | { readonly kind: "conflict" };

/** One candidate's hand on a Lease. Every write is guarded by the version that was read: of two who take it, one gets it. */
export interface LeaseHolder {
  /** Takes the lease, or renews it. Throws where the API server does not answer: it may have been taken all the same. */
  take(signal: AbortSignal): Promise<Try>;
  /** Gives it back, so that another need not wait until it has run out. Nothing where it is not ours. */
  release(signal: AbortSignal): Promise<void>;
}

/** A candidate that has not seen the Lease yet. */
export function createLeaseHolder({ api, key, identity, fieldManager, timing, clock }: LeaseHolderOptions): LeaseHolder {
  let seen: SeenLease | null = null;

  const see = (lease: Lease): SeenLease => (seen = seeLease(seen, lease, clock.monotonic()));
  const replace = async (lease: Lease, spec: Lease["spec"] & object, signal: AbortSignal): Promise<boolean> => {
    try {
      see(await api.replace<Lease>(leaseType, { ...lease, spec }, { fieldManager, signal }));
      return true;
    } catch (error) {
      if (!isApiError(error, "Conflict", "NotFound")) throw error;
      return false;
    }
  };
  const hold = (before: Lease["spec"]): Lease["spec"] & object =>
    heldSpec(before, identity, { timing, now: microTime(clock.now()) });
  const create = async (signal: AbortSignal): Promise<Try> => {
    const metadata = { name: key.name, namespace: key.namespace };
    const lease: Lease = { apiVersion: apiVersionOf(leaseType), kind: leaseType.kind, metadata, spec: hold(undefined) };
    try {
      see(await api.create<Lease>(leaseType, lease, { fieldManager, signal }));
      return { kind: "ours" };
    } catch (error) {
      if (!isApiError(error, "AlreadyExists")) throw error;
      return { kind: "conflict" };
    }
  };
  return {
    take: async (signal) => {
      // While it is ours nobody else should have written it: one request is enough.
      const isOurs = seen?.lease.spec?.holderIdentity === identity;
      if (seen !== null && isOurs && (await replace(seen.lease, hold(seen.lease.spec), signal))) return { kind: "ours" };
      const lease = await api.get<Lease>(leaseType, key, { signal });
      if (lease === null) {
        seen = null;
        return create(signal);
      }
      const holder = holderOf(see(lease), timing, clock.monotonic());
      if (holder !== null && holder !== identity) return { kind: "others", holder };
      return { kind: (await replace(lease, hold(lease.spec), signal)) ? "ours" : "conflict" };
    },
    release: async (signal) => {
      const lease = await api.get<Lease>(leaseType, key, { signal });
      if (lease?.spec?.holderIdentity !== identity) return;
      await replace(lease, releasedSpec(lease.spec, microTime(clock.now())), signal);
    },
  };
}
