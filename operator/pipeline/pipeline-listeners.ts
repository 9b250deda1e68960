import type { Clock } from "../control/clock.ts";
import type { WorkQueue } from "../control/work-queue.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { DepartedPods } from "./departed-pods.ts";
import { keyOf, pipelineOfChild, usersOfConnection, usersOfReference } from "./dependents.ts";
import { observePod } from "./observe-pod.ts";
import type { PodReports } from "./pod-reports.ts";
import type { WatchListeners } from "./pipeline-watches.ts";

/**
 * How long a change of a child waits for others of the same pipeline, in milliseconds: children are made, and pods start, several
 * at a time, and one look at them is enough.
 */
const gatherMs = 100;

/** Who is told of what changes. */
export interface Listening {
  /** Of Pipelines. */
  readonly queue: WorkQueue;
  readonly connectionQueue: WorkQueue;
  readonly reports: PodReports;
  readonly departed: DepartedPods;
  readonly clock: Clock;
}

/** Says for which Pipelines and Connections a change is to be looked at. */
export function pipelineListeners({ queue, connectionQueue, reports, departed, clock }: Listening): WatchListeners {
  const child = (object: KubeObject): void => {
    const key = pipelineOfChild(object);
    if (key !== null) queue.addAfter(key, gatherMs);
  };
  return {
    // What is there at the start waits behind what changes.
    pipeline: (before, after) => queue.add(keyOf((after ?? before)!.metadata), before === null ? "background" : "change"),
    connection: (connection, stores) => {
      connectionQueue.add(keyOf(connection.metadata));
      for (const key of usersOfConnection(stores, connection)) queue.add(key);
    },
    reference: (kind, object, stores) => {
      const users = usersOfReference(stores, kind, object);
      for (const key of users.pipelines) queue.add(key);
      for (const key of users.connections) connectionQueue.add(key);
    },
    child,
    pod: (before, after) => {
      const pod = (after ?? before)!;
      const pipeline = pipelineOfChild(pod);
      if (pipeline === null) return;
      const uid = pod.metadata.uid ?? "";
      const observed = observePod(pod, reports.of(uid));
      if (after === null) {
        const { name, revision, ended, report } = observed;
        departed.add(pipeline, { name, uid, revision, atMs: clock.now(), ended, report });
        reports.forget(uid);
      } else if (observed.ip !== "" && observed.phase === "Running" && !observed.deleting)
        reports.see({ uid, ip: observed.ip, ready: observed.ready, pipeline });
      child(pod);
    },
  };
}
