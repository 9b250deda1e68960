import type { KubeObject } from "../kube/kube-object.ts";
import type { ResourceType } from "../kube/resource-type.ts";

/** Leases. https://kubernetes.io/docs/concepts/architecture/leases/ */
export const leaseType: ResourceType = {
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  namespaced: true,
};

/** Who leads, and when that was last confirmed. Times are the holder's: nobody else reckons with them. */
export interface LeaseSpec {
  /** Absent: it was given back. */
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  /** How often the holder has changed. */
  readonly leaseTransitions?: number;
}

/** A Lease as the API server has it. */
export interface Lease extends KubeObject {
  readonly spec?: LeaseSpec;
}

/** How long a lease holds, and how it is kept; in milliseconds. */
export interface LeaseTiming {
  /** Without a renewal for this long, others may take it. */
  readonly leaseMs: number;
  /** Without a renewal for this long, its holder gives up leading. What is less than `leaseMs` is left for writes on their way. */
  readonly renewDeadlineMs: number;
  /** Between two tries. */
  readonly retryMs: number;
}

/** client-go's. */
export const defaultLeaseTiming: LeaseTiming = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

/** A Lease as one candidate has seen it. */
export interface SeenLease {
  readonly lease: Lease;
  /** When this spec was first seen, on the candidate's own monotonic clock. */
  readonly firstSeenMs: number;
}

/** What a candidate now knows of the lease: one whose spec is as before was not renewed since. Pure. */
export function seeLease(before: SeenLease | null, lease: Lease, nowMs: number): SeenLease {
  const isSame = before !== null && JSON.stringify(before.lease.spec) === JSON.stringify(lease.spec);
  return { lease, firstSeenMs: isSame ? before.firstSeenMs : nowMs };
}

/** Who holds a lease; null where nobody does, or has not renewed it for as long as it holds. Pure. */
export function holderOf({ lease, firstSeenMs }: SeenLease, timing: LeaseTiming, nowMs: number): string | null {
  const { holderIdentity = "", leaseDurationSeconds } = lease.spec ?? {};
  const holdsMs = leaseDurationSeconds === undefined ? timing.leaseMs : leaseDurationSeconds * 1000;
  return holderIdentity !== "" && nowMs < firstSeenMs + holdsMs ? holderIdentity : null;
}

/** The spec by which `identity` takes or renews a lease. Pure. */
export function heldSpec(
  before: LeaseSpec | undefined,
  identity: string,
  { timing, now }: { readonly timing: LeaseTiming; readonly now: string },
): LeaseSpec {
  const isRenewal = before?.holderIdentity === identity;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(timing.leaseMs / 1000),
    acquireTime: isRenewal ? (before.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: (before?.leaseTransitions ?? 0) + (isRenewal || before === undefined ? 0 : 1),
  };
}

/** The spec by which a lease is given back. The next to take it counts the change. Pure. */
export function releasedSpec(before: LeaseSpec, now: string): LeaseSpec {
  return { leaseDurationSeconds: 1, acquireTime: now, renewTime: now, leaseTransitions: before.leaseTransitions ?? 0 };
}
