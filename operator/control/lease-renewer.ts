import { parentPort, workerData } from "node:worker_threads";
import { type ClusterPlace, openAccess } from "../kube/cluster-place.ts";
import { openHttpApi } from "../kube/http-api.ts";
import type { ObjectKey } from "../kube/object-key.ts";
import { systemClock } from "./clock.ts";
import { contendForLease, type LeaseNews } from "./contend-for-lease.ts";
import type { LeaseTiming } from "./lease.ts";
import { createLeaseHolder } from "./lease-holder.ts";
import { openSharedTerm } from "./shared-term.ts";

/** What the thread is told at its start. */
export interface LeaseOrder {
  readonly place: ClusterPlace;
  /** Which Lease. */
  readonly lease: ObjectKey;
  /** Of this process and no other, not even of the same pod before a restart. */
  readonly identity: string;
  readonly fieldManager: string;
  readonly userAgent: string;
  readonly timing: LeaseTiming;
  /** Of the shared term. */
  readonly buffer: SharedArrayBuffer;
}

/** The thread that renews the lease: it shares no event loop and no connection with what is busy. Ends when told to, lease given back. */
async function renew({ place, lease, identity, fieldManager, userAgent, timing, buffer }: LeaseOrder): Promise<void> {
  const stop = new AbortController();
  parentPort?.once("message", () => stop.abort());
  const access = await openAccess(place, systemClock);
  await using api = openHttpApi({ access, userAgent, timing: systemClock, random: Math.random });
  await contendForLease({
    holder: createLeaseHolder({ api, key: lease, identity, fieldManager, timing, clock: systemClock }),
    timing,
    term: openSharedTerm(buffer),
    clock: systemClock,
    random: Math.random,
    tell: (news: LeaseNews) => parentPort?.postMessage(news),
    signal: stop.signal,
  });
}

await renew(workerData as LeaseOrder);
parentPort?.close();
