import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApiAccess } from "./api-access.ts";
import { type Cluster, type ClusterOptions, type ClusterPlace, clusterAccess } from "./cluster-access.ts";
import { type ContainerRuntime, startContainerRuntime } from "./container-runtime.ts";
import { startControlPlane } from "./control-plane.ts";
import { pauseImage } from "./images.ts";
import { network } from "./network.ts";
import { nodeName, startNodeAgents } from "./node-agents.ts";
import { type NodeNamespaces, startNamespaces } from "./node-namespaces.ts";
import { nodePackages } from "./node-packages.ts";
import { programs } from "./programs.ts";

/** The node is alone in its network, so each program has its usual port. */
const ports = { etcd: 2379, etcdPeers: 2380, api: 6443, controllers: 10_257, scheduler: 10_259 };

/**
 * Starts Kubernetes with programs of this machine, in namespaces of the kernel of their own: several may run side by side, no packet
 * leaves them, and nothing survives us. Needs root, and on Debian installs the packages that are missing.
 */
export async function startNode(options: ClusterOptions): Promise<Cluster> {
  const say = options.say ?? (() => {});
  await nodePackages(say);
  const directoryOfPrograms = await programs(say);
  const pause = await pauseImage();
  const began = performance.now();
  const directory = await mkdtemp(join(tmpdir(), "snowline-cluster-"));
  let namespaces: NodeNamespaces | undefined;
  const stop = async () => {
    await namespaces?.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    namespaces = await startNamespaces(directory);
    const { enter } = namespaces;
    const [access, runtime] = await Promise.all([
      startServers(directory, directoryOfPrograms, enter),
      startRuntime({ directory, enter, archives: [pause.archive, ...(options.images ?? [])], pauseImage: pause.name }),
    ]);
    const { cgroup } = namespaces;
    await startNodeAgents({ directory, programs: directoryOfPrograms, enter, access, cgroup, endpoint: runtime.endpoint });
    await access.kubectl(["wait", "--for=create", `node/${nodeName}`, "--timeout=60s"]);
    await access.kubectl(["wait", "--for=condition=Ready", `node/${nodeName}`, "--timeout=60s"]);
    const place: ClusterPlace = {
      api: access.place,
      hostAddress: network.node,
      enterNetwork: namespaces.enterNetwork,
      enterNode: enter,
      node: nodeName,
    };
    return {
      ...(await clusterAccess(place)),
      importImages: runtime.importImages,
      startSeconds: (performance.now() - began) / 1000,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startServers(directory: string, directoryOfPrograms: string, enter: readonly string[]): Promise<ApiAccess> {
  const { access } = await startControlPlane({
    directory,
    programs: directoryOfPrograms,
    address: network.node,
    ports,
    controllers: true,
    scheduler: true,
    apiArgs: [],
    enter,
  });
  return access;
}

interface Runtime {
  readonly directory: string;
  readonly enter: readonly string[];
  readonly archives: readonly string[];
  readonly pauseImage: string;
}

async function startRuntime({ directory, enter, archives, pauseImage }: Runtime): Promise<ContainerRuntime> {
  const runtime = await startContainerRuntime({ directory, enter, pauseImage });
  for (const archive of archives) await runtime.importImages(archive);
  return runtime;
}
