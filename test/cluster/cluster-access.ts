import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type ApiAccess, type ApiPlace, apiAccess } from "./api-access.ts";

const run = promisify(execFile);

/** Where a cluster is, in plain data: another process can make its ClusterAccess from it. */
export interface ClusterPlace {
  readonly api: ApiPlace;
  /** Pods reach here what was started with `enterNetwork`. */
  readonly hostAddress: string;
  /** Words before a command that is to see the cluster's network: pods, services, the API server. */
  readonly enterNetwork: readonly string[];
  /** Words before a command that is to run on the node, among its processes and mounts. */
  readonly enterNode: readonly string[];
  /** The node's name. */
  readonly node: string;
}

/** Ways to work with a cluster. */
export interface ClusterAccess extends ApiAccess {
  readonly cluster: ClusterPlace;
  /** Runs a command on the node; resolves to what it printed. */
  onNode(command: readonly string[]): Promise<string>;
  /** Kills the main process of a container of a pod by SIGKILL, as an OOM kill does. */
  killContainer(namespace: string, pod: string): Promise<void>;
}

/** How the cluster is to be; all may be left out. */
export interface ClusterOptions {
  /** Archives of images (OCI or Docker) that are to be there from the beginning. */
  readonly images?: readonly string[];
  /** Told what takes long, one line each. */
  readonly say?: (line: string) => void;
}

/** A running cluster of one node. */
export interface Cluster extends ClusterAccess, AsyncDisposable {
  /** Makes the images of an archive known by their names. */
  importImages(archive: string): Promise<void>;
  /** From the call to a node that is Ready. */
  readonly startSeconds: number;
  /** Ends it; nothing of it stays. */
  stop(): Promise<void>;
}

/** Output of one command on the node, in bytes. */
const outputBytesMax = 16 * 1024 * 1024;

/** Access to a running cluster. */
export async function clusterAccess(cluster: ClusterPlace): Promise<ClusterAccess> {
  const access = await apiAccess(cluster.api);
  const onNode = async (command: readonly string[]) => {
    const [program, ...args] = [...cluster.enterNode, ...command] as [string, ...string[]];
    const { stdout } = await run(program, args, { maxBuffer: outputBytesMax });
    return stdout;
  };
  return {
    ...access,
    cluster,
    onNode,
    killContainer: async (namespace, pod) => {
      const answer = await access.kubectl([
        "get",
        "pod",
        "-n",
        namespace,
        pod,
        "-o",
        "jsonpath={.status.containerStatuses[0].containerID}",
      ]);
      const id = answer.replace("containerd://", "");
      if (id === "") throw new Error(`pod ${namespace}/${pod}: has no container that could be killed`);
      // A container's processes are those of the cgroup that has its id in its name; the first is the one that was started.
      const script = 'kill -KILL $(cat $(find /sys/fs/cgroup -type d -name "*$1*" | head -1)/cgroup.procs | head -1)';
      await onNode(["sh", "-c", script, "sh", id]);
    },
  };
}
