import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type GuardedProcess, startGuarded } from "../kafka/guarded-process.ts";
import { type ApiAccess, type ApiPlace, apiAccess } from "./api-access.ts";
import { makeSigningKey, openAuthority } from "./certificate-authority.ts";
import {
  apiServerArgs,
  type ControlPlaneOptions,
  controllerManagerArgs,
  controlPlaneFiles,
  etcdArgs,
  schedulerArgs,
} from "./control-plane-args.ts";
import { network } from "./network.ts";

/** A running control plane. */
export interface ControlPlane {
  readonly access: ApiAccess;
  /** etcd's address for clients; it asks for no credentials. */
  readonly etcdUrl: string;
  /** Ends the API server and starts it again on the same port and data; etcd and the controllers go on. */
  restartApiServer(): Promise<void>;
  stop(): Promise<void>;
}

/** A start on busy cores takes 15 seconds. */
const startTimeoutMs = 120_000;
const readyPollMs = 100;
/** The API server lets its watches end first; data of a test needs no goodbye. */
const stopGraceMs = 5000;

/** Starts etcd and kube-apiserver and, as wanted, kube-controller-manager and kube-scheduler; resolves when they answer. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { directory, programs, address, ports } = options;
  const enter = options.enter ?? [];
  const running = new Map<string, GuardedProcess>();
  const start = (program: string, args: readonly string[]): GuardedProcess => {
    const process = startGuarded([...enter, join(programs, program), ...args], { name: program, removed: directory });
    running.set(program, process);
    return process;
  };
  const stop = async () => {
    for (const program of ["kube-scheduler", "kube-controller-manager", "kube-apiserver", "etcd"])
      if (running.get(program)?.running === true) await running.get(program)!.stop(stopGraceMs);
  };
  const startApiServer = async (access: ApiAccess) => {
    await start("kube-apiserver", apiServerArgs(options)).saw("Serving securely on", startTimeoutMs);
    await until("kube-apiserver", () => access.kubectl(["get", "--raw", "/readyz"]));
  };
  try {
    const etcd = start("etcd", etcdArgs(options));
    await makeCertificates(options);
    const place: ApiPlace = { url: `https://${address}:${ports.api}`, directory, programs, enter };
    const access = await apiAccess(place);
    await etcd.saw("ready to serve client requests", startTimeoutMs);
    await startApiServer(access);
    if (options.controllers) {
      const kubeconfig = await access.kubeconfigFor("system:kube-controller-manager");
      start("kube-controller-manager", controllerManagerArgs(options, kubeconfig));
    }
    if (options.scheduler) start("kube-scheduler", schedulerArgs(options, await access.kubeconfigFor("system:kube-scheduler")));
    if (options.controllers)
      await until("kube-controller-manager", () => access.kubectl(["get", "serviceaccount", "default", "-n", "default"]));
    return {
      access,
      etcdUrl: `http://127.0.0.1:${ports.etcd}`,
      restartApiServer: async () => {
        await running.get("kube-apiserver")?.stop(stopGraceMs);
        await startApiServer(access);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeCertificates({ directory, address }: ControlPlaneOptions): Promise<void> {
  const authority = await openAuthority(directory);
  const names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"].map((name) => `DNS:${name}`);
  const addresses = [address, "127.0.0.1", network.kubernetesService].map((ip) => `IP:${ip}`);
  await Promise.all([
    authority.issue(controlPlaneFiles.apiServer, {
      subject: "/CN=kube-apiserver",
      usage: "serverAuth",
      names: [...names, ...addresses],
    }),
    authority.issue(controlPlaneFiles.kubeletClient, { subject: "/O=system:masters/CN=kube-apiserver", usage: "clientAuth" }),
    authority.issue(controlPlaneFiles.aggregator, { subject: "/CN=aggregator", usage: "clientAuth" }),
    makeSigningKey(join(directory, controlPlaneFiles.serviceAccountKey)),
  ]);
}

/** Asks again until `question` is answered without an error. */
async function until(name: string, question: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    try {
      await question();
      return;
    } catch (cause) {
      if (performance.now() > deadline) throw new Error(`${name}: not ready after ${startTimeoutMs / 1000} s`, { cause });
      await sleep(readyPollMs);
    }
  }
}
