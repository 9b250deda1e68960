import { pino } from "pino";
import { systemClock } from "../../../operator/control/clock.ts";
import { type Reflector, startReflector } from "../../../operator/control/reflector.ts";
import type { Api } from "../../../operator/kube/api.ts";
import { isApiError } from "../../../operator/kube/api-error.ts";
import type { LivePod } from "../../../operator/pipeline/live-pod.ts";
import { label, revisionName } from "../../../operator/pipeline/names.ts";
import { resourceType } from "../../../operator/pipeline/resource-types.ts";
import { type RevisionConfigMap, revisionFrom } from "../../../operator/pipeline/revision-config-map.ts";

/** Keeps a pod that is deleted until the kubelet says that it has ended. */
const finalizer = "snowline.test/kubelet";
const written = { fieldManager: "played-kubelet" } as const;

/** Plays the kubelet of all pods in a namespace: what becomes of them is in their SQL, as `'terminal' AS fate`. */
export interface PlayedKubelet extends AsyncDisposable {
  /** Exit code of pods that are told to end; null: they do not end. */
  exitCode: number | null;
  /** Pods that read what their revision's ConfigMap no longer held. */
  readonly faults: string[];
}

/** Begins to play. There is no node: pods stay unbound, and a finalizer keeps them until they have ended. */
export function playKubelet(api: Api, namespace: string): PlayedKubelet {
  const working = new Map<string, Promise<void>>();
  /** As they were seen last while they were worked on: a busy server is not asked for the same again before it has answered. */
  const waiting = new Map<string, LivePod>();
  const kubelet: PlayedKubelet = {
    exitCode: 0,
    faults: [],
    [Symbol.asyncDispose]: async () => {
      clearInterval(again);
      await pods[Symbol.asyncDispose]();
      waiting.clear();
      await Promise.all(working.values());
    },
  };
  const handle = (pod: LivePod): void => {
    const { uid = "" } = pod.metadata;
    if (working.has(uid)) return void waiting.set(uid, pod);
    const work = play(api, pod, kubelet)
      .catch((error: unknown) => {
        if (!isApiError(error, "NotFound", "Conflict", "Invalid")) kubelet.faults.push(String(error));
      })
      .finally(() => {
        working.delete(uid);
        const next = waiting.get(uid);
        waiting.delete(uid);
        if (next !== undefined) handle(next);
      });
    working.set(uid, work);
  };
  const pods: Reflector<LivePod> = startReflector<LivePod>({
    api,
    type: resourceType.pod,
    selection: { namespace },
    clock: systemClock,
    random: Math.random,
    log: pino({ enabled: false }),
    onChange: (_before, after) => after !== null && handle(after),
  });
  // Pods that were kept from ending, until they no longer are.
  const again = setInterval(
    () =>
      pods.store
        .list()
        .forEach((pod) => pod.metadata.deletionTimestamp !== undefined && !working.has(pod.metadata.uid ?? "") && handle(pod)),
    500,
  );
  return kubelet;
}

async function play(api: Api, pod: LivePod, kubelet: PlayedKubelet): Promise<void> {
  const { metadata, status } = pod;
  const key = { namespace: metadata.namespace ?? "", name: metadata.name };
  const patchStatus = (status: object) =>
    api.patch(resourceType.pod, key, { metadata: { uid: metadata.uid }, status }, { ...written, subresource: "status" });
  if (metadata.deletionTimestamp !== undefined) {
    if (kubelet.exitCode === null || metadata.finalizers?.includes(finalizer) !== true) return;
    const { exitCode } = kubelet;
    await patchStatus({
      containerStatuses: [
        container({ terminated: { exitCode, reason: exitCode === 0 ? "Completed" : "Error", finishedAt: now() } }, 0),
      ],
    });
    await api.patch(resourceType.pod, key, { metadata: { uid: metadata.uid, finalizers: null } }, written);
    return;
  }
  if (metadata.finalizers?.includes(finalizer) !== true) {
    await api.patch(resourceType.pod, key, { metadata: { uid: metadata.uid, finalizers: [finalizer] } }, written);
    return;
  }
  if (status?.phase === "Running") return;
  const fate = await fateOf(api, pod);
  if (fate === null) kubelet.faults.push(`pod ${metadata.name}: the ConfigMap of its revision is not there`);
  else if (fate === "terminal") await patchStatus(terminal());
  else if (fate === "image")
    await patchStatus({
      containerStatuses: [container({ waiting: { reason: "ImagePullBackOff", message: "no such image" } }, 0)],
    });
  else
    await patchStatus({
      phase: "Running",
      podIP: "10.0.0.1",
      conditions: [ready("True")],
      containerStatuses: [container({ running: { startedAt: now() } }, 0, true)],
    });
}

const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;
const ready = (status: string) => ({ type: "Ready", status, lastTransitionTime: now(), lastProbeTime: null });
const container = (state: object, restartCount: number, isReady = false) => ({
  name: "runtime",
  image: "runtime",
  imageID: "",
  ready: isReady,
  restartCount,
  state,
});

function terminal(): object {
  const message = JSON.stringify({ reason: "TableMissing", message: "table ORDERS: is not there" });
  const ended = { terminated: { exitCode: 3, reason: "Error", message, finishedAt: now() } };
  return {
    phase: "Running",
    podIP: "10.0.0.1",
    conditions: [ready("False")],
    containerStatuses: [{ ...container({ waiting: { reason: "CrashLoopBackOff" } }, 1), lastState: ended }],
  };
}

async function fateOf(api: Api, { metadata }: LivePod): Promise<string | null> {
  const [pipeline, revision] = [metadata.labels?.[label.pipeline] ?? "", metadata.labels?.[label.revision] ?? ""];
  const key = { namespace: metadata.namespace ?? "", name: revisionName(pipeline, revision) };
  const configMap = await api.get<RevisionConfigMap>(resourceType.configMap, key);
  const found = configMap === null ? null : revisionFrom(configMap);
  const sql = (found?.content.spec["transform"] as { readonly sql?: string } | undefined)?.sql;
  return sql === undefined ? null : (/'(\w+)' AS fate/.exec(sql)?.[1] ?? "good");
}
