import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../control/clock.ts";
import type { Priority } from "../control/queue-metrics.ts";
import type { WorkQueue } from "../control/work-queue.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { DepartedPods } from "./departed-pods.ts";
import { keyOf, pipelineOfChild, usersOfConnection, usersOfReference } from "./dependents.ts";
import { observePod } from "./observe-pod.ts";
import type { PodReports } from "./pod-reports.ts";
import type { WatchListeners } from "./pipeline-watches.ts";

/**
 * How long a change waits for others of the same pipeline, in milliseconds: what Kubernetes makes of a Deployment comes in many small
 * steps, and one look at them is enough.
 */
const gatherMs = 500;
/** The same for what has just been made, mostly by us: what becomes of it comes sooner, if anything does. */
const madeMs = 5_000;

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
  const gather = (object: KubeObject, delayMs = gatherMs, priority: Priority = "change"): void => {
    const key = pipelineOfChild(object);
    if (key !== null) queue.addAfter(key, delayMs, priority);
  };
  return {
    pipeline: (before, after) => {
      const key = keyOf((after ?? before)!.metadata);
      // What is new waits behind what changes: at the start of a process everything is.
      if (before === null) queue.add(key, "background");
      // Mostly our own writes: a decision may follow from them, but not at once.
      else if (after !== null && isSameBut(["status"], before, after)) queue.addAfter(key, gatherMs);
      else queue.add(key);
    },
    connection: (connection, stores) => {
      connectionQueue.add(keyOf(connection.metadata));
      for (const key of usersOfConnection(stores, connection)) queue.add(key);
    },
    reference: (kind, object, stores) => {
      const users = usersOfReference(stores, kind, object);
      for (const key of users.pipelines) queue.add(key);
      for (const key of users.connections) connectionQueue.add(key);
    },
    child: (before, after) => {
      if (before === null) gather(after!, madeMs, "background");
      else if (after === null || !isSameBut(unreadOf(after), before, after)) gather(after ?? before);
    },
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
      if (before === null) gather(pod, gatherMs, "background");
      else if (after === null || !isSameBut([], before, after)) gather(pod);
    },
  };
}

/** Members of a child that nobody reads: of how Kubernetes fares with it, only a Deployment's matters. */
const unreadOf = ({ kind }: KubeObject): readonly string[] => (kind === "Deployment" ? [] : ["status"]);

/** Whether two states of an object differ in these members and in bookkeeping only. */
function isSameBut(members: readonly string[], before: KubeObject, after: KubeObject): boolean {
  const rest = ({ metadata, ...others }: KubeObject): unknown => {
    const { resourceVersion: _version, managedFields: _managers, finalizers: _finalizers, ...named } = metadata;
    return [named, Object.entries(others).filter(([name]) => !members.includes(name))];
  };
  return isDeepStrictEqual(rest(before), rest(after));
}
