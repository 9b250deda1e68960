import type { ClusterAccess } from "./cluster-access.ts";
import { hasDocker } from "./docker.ts";
import { startKind } from "./kind.ts";
import { startNode } from "./node.ts";

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

/**
 * Starts a real cluster of one node: by kind where a Docker engine runs, else with programs of this machine in namespaces of their
 * own (node.ts). It never outlives this process. Throws one line that names the fix where neither can be.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  return (await hasDocker()) ? startKind(options) : startNode(options);
}
