import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeObject } from "../../operator/kube/kube-object.ts";
import type { HttpApi } from "../../operator/kube/http-api.ts";
import type { LivePod } from "../../operator/pipeline/live-pod.ts";
import { label, podPort, revisionName } from "../../operator/pipeline/names.ts";
import { resourceType } from "../../operator/pipeline/resource-types.ts";
import { type GuardedProcess, startGuarded } from "../kafka/guarded-process.ts";

/** What a kubelet without a node needs. */
export interface ProcessKubeletOptions {
  readonly api: HttpApi;
  readonly namespace: string;
  /** For the files of pods. */
  readonly directory: string;
  /** An address of this machine that nobody has yet. */
  nextAddress(): string;
}

const pollMs = 200;
const stopMs = 15_000;
const written = { fieldManager: "process-kubelet" } as const;
const root = join(import.meta.dirname, "../..");

/**
 * Runs every pod of a namespace as a process of this machine: the real runtime, with what its revision's ConfigMap holds, at an address
 * of its own, so that the operator and Prometheus reach it as they reach a pod. Disposing of it ends them all.
 */
export function startProcessKubelet(options: ProcessKubeletOptions): AsyncDisposable {
  const { api, namespace } = options;
  const running = new Map<string, GuardedProcess>();
  const stop = new AbortController();
  const look = async (): Promise<void> => {
    const { items } = await api.list<LivePod>(resourceType.pod, { namespace });
    const there = new Set(items.map(({ metadata }) => metadata.uid ?? ""));
    for (const [uid, process] of running)
      if (!there.has(uid)) {
        running.delete(uid);
        await process.stop(stopMs);
      }
    for (const pod of items) {
      const { uid = "", deletionTimestamp } = pod.metadata;
      if (!running.has(uid) && deletionTimestamp === undefined) running.set(uid, await runPod(pod, options));
    }
  };
  const ended = (async () => {
    while (!stop.signal.aborted) {
      await look();
      await sleep(pollMs);
    }
  })();
  // Told where it is awaited; a test that fails elsewhere need not hear of it first.
  ended.catch(() => {});
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      try {
        await ended;
      } finally {
        await Promise.all([...running.values()].map((each) => each.stop(stopMs)));
      }
    },
  };
}

async function runPod(pod: LivePod, { api, namespace, directory, nextAddress }: ProcessKubeletOptions): Promise<GuardedProcess> {
  const { name, labels = {}, uid } = pod.metadata;
  const configMap = await api.get<KubeObject & { readonly data?: Readonly<Record<string, string>> }>(resourceType.configMap, {
    namespace,
    name: revisionName(labels[label.pipeline] ?? "", labels[label.revision] ?? ""),
  });
  const [home, address] = [join(directory, name), nextAddress()];
  const scratch = join(home, "scratch");
  await mkdir(scratch, { recursive: true });
  const file = join(home, "pipeline.json");
  await writeFile(file, configMap?.data?.["pipeline.json"] ?? "");
  const flags = ["--pipeline", file, "--host", address, "--port", String(podPort), "--scratch", scratch];
  const log = ["--termination-log", join(home, "termination-log")];
  const process_ = startGuarded([process.execPath, join(root, "runtime/main.ts"), ...flags, ...log], { name });
  const becomesReady = async (): Promise<void> => {
    await process_.saw("listening", 60_000);
    const isReady = () =>
      fetch(`http://${address}:${podPort}/healthz/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    while (process_.running && !(await isReady())) await sleep(pollMs);
    const status = { metadata: { uid }, status: readyAt(address) };
    await api.patch(resourceType.pod, { namespace, name }, status, { ...written, subresource: "status" });
  };
  // Its pod may go before it is ready.
  becomesReady().catch(() => {});
  return process_;
}

/** Status of a pod whose one container works. */
export function readyAt(podIP: string, container = "runtime"): object {
  const now = new Date().toISOString();
  return {
    phase: "Running",
    podIP,
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: now }],
    containerStatuses: [
      { name: container, image: "", imageID: "", ready: true, restartCount: 0, state: { running: { startedAt: now } } },
    ],
  };
}
