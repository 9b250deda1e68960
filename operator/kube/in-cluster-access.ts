import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { type ClusterAccess, type Credentials, credentialsMsMax } from "./cluster-access.ts";
import type { Timing } from "./timing.ts";

/** Where the kubelet puts a pod's token. */
export const serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

/** What a pod is told of the API server. */
export interface PodSurroundings {
  /** KUBERNETES_SERVICE_HOST */
  readonly host: string;
  /** KUBERNETES_SERVICE_PORT */
  readonly port: string;
  /** Holds `token`, `ca.crt` and `namespace`. */
  readonly directory: string;
}

/** The API server as a pod sees it, as the pod's ServiceAccount. Throws where there is no token. */
export async function inClusterAccess(pod: PodSurroundings, timing: Pick<Timing, "monotonic">): Promise<ClusterAccess> {
  const file = (name: string): Promise<string> =>
    readFile(join(pod.directory, name), "utf8").catch((cause: unknown) => {
      throw new Error(`service account: ${join(pod.directory, name)} cannot be read: set automountServiceAccountToken: true`, {
        cause,
      });
    });
  const read = async (): Promise<Credentials> => {
    const [token, ca] = await Promise.all([file("token"), file("ca.crt")]);
    return { tls: { ca }, headers: { authorization: `Bearer ${token.trim()}` } };
  };
  let known: { readonly credentials: Credentials; readonly atMs: number } | null = null;
  const credentials = async (): Promise<Credentials> => {
    if (known === null || timing.monotonic() - known.atMs > credentialsMsMax)
      known = { credentials: await read(), atMs: timing.monotonic() };
    return known.credentials;
  };
  await credentials();
  return {
    server: `https://${isIPv6(pod.host) ? `[${pod.host}]` : pod.host}:${pod.port}`,
    namespace: (await file("namespace")).trim(),
    credentials,
    refused: () => (known = null),
  };
}
