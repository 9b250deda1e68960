import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../kafka/free-port.ts";
import type { ApiAccess } from "./api-access.ts";
import { startControlPlane } from "./control-plane.ts";
import { programs } from "./programs.ts";

/** How the API server is to be; all may be left out. */
export interface ApiServerOptions {
  /**
   * Also kube-controller-manager: garbage collection, the ReplicaSets of a Deployment, service accounts, namespaces that end. Pods
   * stay Pending, since there is no node.
   */
  readonly controllers?: boolean;
  /** Also kube-scheduler, for nodes that a test plays. */
  readonly scheduler?: boolean;
  /** kube-apiserver's, after ours: the last one counts. */
  readonly extraArgs?: readonly string[];
  /** Told what takes long, one line each. */
  readonly say?: (line: string) => void;
}

/** A running API server. */
export interface ApiServer extends ApiAccess, AsyncDisposable {
  /** Its etcd's address for clients, without credentials: for a compaction. */
  readonly etcdUrl: string;
  /** From the call to a server that answers. */
  readonly startSeconds: number;
  /** Ends it and starts it again, on the same port and data. */
  restart(): Promise<void>;
  /** Ends everything and removes the data. */
  stop(): Promise<void>;
}

/**
 * Starts a real kube-apiserver with RBAC and its etcd on free ports of 127.0.0.1, with their data in a temporary directory. They
 * never outlive this process. Needs openssl and, once, Go; throws a sentence that says so.
 */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const directoryOfPrograms = await programs(options.say);
  const began = performance.now();
  const directory = await mkdtemp(join(tmpdir(), "snowline-kubernetes-"));
  const [etcd, etcdPeers, api, controllers, scheduler] = (await freePorts(5)) as [number, number, number, number, number];
  try {
    const controlPlane = await startControlPlane({
      directory,
      programs: directoryOfPrograms,
      address: "127.0.0.1",
      ports: { etcd, etcdPeers, api, controllers, scheduler },
      controllers: options.controllers ?? false,
      scheduler: options.scheduler ?? false,
      apiArgs: options.extraArgs ?? [],
    });
    const stop = async () => {
      await controlPlane.stop();
      await rm(directory, { recursive: true, force: true });
    };
    return {
      ...controlPlane.access,
      etcdUrl: controlPlane.etcdUrl,
      startSeconds: (performance.now() - began) / 1000,
      restart: controlPlane.restartApiServer,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}
