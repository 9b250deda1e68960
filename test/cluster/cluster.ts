import type { Cluster, ClusterOptions } from "./cluster-access.ts";
import { hasDocker } from "./docker.ts";
import { startKind } from "./kind.ts";
import { startNode } from "./node.ts";

/**
 * Starts a real cluster of one node: by kind where a Docker engine runs, else with programs of this machine in namespaces of their
 * own (node.ts). It never outlives this process. Throws one line that names the fix where neither can be.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  return (await hasDocker()) ? startKind(options) : startNode(options);
}
