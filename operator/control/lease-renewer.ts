import { parentPort, workerData } from "node:worker_threads";
import type { ClusterAccess } from "../kube/cluster-access.ts";
import { openHttpApi } from "../kube/http-api.ts";
import { inClusterAccess, type PodSurroundings } from "../kube/in-cluster-access.ts";
import type { KubeconfigChoice } from "../kube/kubeconfig.ts";
import { kubeconfigAccess } from "../kube/kubeconfig-access.ts";
import type { ObjectKey } from "../kube/object-key.ts";
import { systemClock } from "./clock.ts";
import { contendForLease, type LeaseNews } from "./contend-for-lease.ts";
import type { LeaseTiming } from "./lease.ts";
import { createLeaseHolder } from "./lease-holder.ts";
import { openSharedTerm } from "./shared-term.ts";

/** Where the API server is, as plain data that a thread can be given. One of the two. */
export interface ClusterPlace {
  readonly kubeconfig?: KubeconfigChoice;
  readonly pod?: PodSurroundings;
}

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
  const access = await accessOf(place);
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

async function accessOf({ kubeconfig, pod }: ClusterPlace): Promise<ClusterAccess> {
  if (kubeconfig !== undefined) return kubeconfigAccess(kubeconfig, systemClock);
  if (pod !== undefined) return inClusterAccess(pod, systemClock);
  throw new Error("lease: neither a kubeconfig nor a pod to reach the API server with");
}

await renew(workerData as LeaseOrder);
parentPort?.close();
