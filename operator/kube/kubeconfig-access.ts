import { readFile } from "node:fs/promises";
import { type ClusterAccess, type Credentials, credentialsMsMax, type TlsSettings } from "./cluster-access.ts";
import { execCredentials } from "./exec-credentials.ts";
import { type KubeconfigChoice, type KubeconfigCluster, type KubeconfigUser, readKubeconfig } from "./kubeconfig.ts";
import type { Timing } from "./timing.ts";

/**
 * The API server and user of a kubeconfig: tokens, token files, client certificates, basic authentication and exec plugins.
 * Files that it names are read anew each minute. Throws where something it names is missing.
 */
export async function kubeconfigAccess(choice: KubeconfigChoice, timing: Pick<Timing, "monotonic">): Promise<ClusterAccess> {
  const { cluster, user, namespace } = await readKubeconfig(choice);
  const where = `kubeconfig ${choice.files.join(", ")}`;
  const provider = user["auth-provider"];
  if (provider) throw new Error(`${where}: auth-provider ${provider.name ?? ""} is not supported: use an exec plugin`);
  if (cluster["proxy-url"]) throw new Error(`${where}: proxy-url is not supported: use a server that is reached without one`);
  const read = reader(cluster, user);
  let known: { readonly credentials: Credentials; readonly atMs: number } | null = null;
  let plugin = user.exec && execCredentials(user.exec);
  const credentials = async (): Promise<Credentials> => {
    if (known === null || timing.monotonic() - known.atMs > credentialsMsMax)
      known = { credentials: await read(), atMs: timing.monotonic() };
    if (plugin === undefined) return known.credentials;
    const given = await plugin();
    return {
      tls: { ...known.credentials.tls, ...given.tls },
      headers: { ...known.credentials.headers, ...given.headers },
    };
  };
  await credentials();
  return {
    server: cluster.server.replace(/\/+$/, ""),
    namespace,
    credentials,
    refused: () => {
      known = null;
      plugin = user.exec && execCredentials(user.exec);
    },
  };
}

function reader(cluster: KubeconfigCluster, user: KubeconfigUser): () => Promise<Credentials> {
  return async () => {
    const [ca, cert, key, token] = await Promise.all([
      text(cluster["certificate-authority"], cluster["certificate-authority-data"]),
      text(user["client-certificate"], user["client-certificate-data"]),
      text(user["client-key"], user["client-key-data"]),
      // The file wins, as in kubectl.
      text(user.tokenFile, undefined),
    ]);
    const tls: TlsSettings = {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(cluster["tls-server-name"] && { servername: cluster["tls-server-name"] }),
      ...(cluster["insecure-skip-tls-verify"] === true && { rejectUnauthorized: false }),
    };
    return {
      tls,
      headers: { ...authorization(user, token?.trim() ?? user.token), ...(user.as && { "impersonate-user": user.as }) },
    };
  };
}

function authorization(user: KubeconfigUser, token: string | undefined): { readonly authorization?: string } {
  if (token) return { authorization: `Bearer ${token}` };
  if (!user.username) return {};
  return { authorization: `Basic ${Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64")}` };
}

async function text(file: string | undefined, encoded: string | undefined): Promise<string | undefined> {
  // The content wins, as in kubectl.
  if (encoded) return Buffer.from(encoded, "base64").toString("utf8");
  if (!file) return undefined;
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw new Error(`kubeconfig: ${file} cannot be read`, { cause });
  });
}
