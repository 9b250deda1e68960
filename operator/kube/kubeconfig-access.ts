import type { RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import { type ClusterAccess, type Credentials, credentialsMsMax } from "./cluster-access.ts";
import type { Timing } from "./timing.ts";

/** Which context of which file. */
export interface KubeconfigChoice {
  readonly file: string;
  /** A context by its name; the current one without it. */
  readonly context?: string;
}

/**
 * The API server and user of a kubeconfig, as @kubernetes/client-node reads it: tokens, client certificates, exec plugins, OIDC.
 * Files that it names are read anew each minute. Throws where something it names is missing, without quoting the file. Not for
 * pods: the library's index takes 87 MB, so whoever may be in a pod imports this file only when it is needed.
 */
export async function kubeconfigAccess(choice: KubeconfigChoice, timing: Pick<Timing, "monotonic">): Promise<ClusterAccess> {
  const where = `kubeconfig ${choice.file}`;
  let config = load(choice, where);
  const cluster = config.getCurrentCluster();
  if (!cluster?.server) throw new Error(`${where}: the current context has no cluster with a server`);
  if (cluster.proxyUrl) throw new Error(`${where}: proxy-url is not supported: use a server that is reached without one`);
  let known: { readonly credentials: Credentials; readonly atMs: number } | null = null;
  const user = config.getCurrentUser();
  // A plugin or provider keeps by itself what it gave, until it expires.
  const keepsItself = Boolean(user?.exec ?? user?.authProvider);
  const credentials = async (): Promise<Credentials> => {
    if (keepsItself || known === null || timing.monotonic() - known.atMs > credentialsMsMax)
      known = { credentials: await read(config, where), atMs: timing.monotonic() };
    return known.credentials;
  };
  await credentials();
  return {
    server: cluster.server.replace(/\/+$/, ""),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? "default",
    credentials,
    refused: () => {
      known = null;
      config = load(choice, where);
    },
  };
}

function load({ file, context }: KubeconfigChoice, where: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.name : "unreadable");
    // oxlint-disable-next-line preserve-caught-error -- the cause quotes the file, which holds secrets
    throw new Error(`${where}: cannot be read (${why})`);
  }
  if (context !== undefined) config.setCurrentContext(context);
  const current = config.getCurrentContext();
  if (!current) throw new Error(`${where}: no context is current: choose one with kubectl config use-context`);
  const object = config.getContextObject(current);
  if (object === null) throw new Error(`${where}: there is no "${current}" among its contexts`);
  if (config.getCurrentCluster() === null) throw new Error(`${where}: there is no "${object.cluster}" among its clusters`);
  if (config.getCurrentUser() === null) throw new Error(`${where}: there is no "${object.user}" among its users`);
  return config;
}

async function read(config: KubeConfig, where: string): Promise<Credentials> {
  const options: RequestOptions & { headers: Record<string, string>; servername?: string } = { headers: {} };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    // oxlint-disable-next-line preserve-caught-error -- what a plugin printed, or a file has in it, may be a token
    if (code === "ENOENT" && path !== undefined) throw new Error(`${where}: ${path} cannot be read`);
    // oxlint-disable-next-line preserve-caught-error -- the same
    throw new Error(`${where}: its user gave no credentials: run kubectl with it to see why`);
  }
  const { ca, cert, key, servername, rejectUnauthorized, auth, headers } = options;
  const text = (value: unknown): string | undefined =>
    typeof value === "string" ? value : Buffer.isBuffer(value) ? value.toString("utf8") : undefined;
  const pem = Object.entries({ ca: text(ca), cert: text(cert), key: text(key), servername }).filter(
    ([, value]) => value !== undefined,
  );
  const basic = auth ? { authorization: `Basic ${Buffer.from(auth).toString("base64")}` } : {};
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    tls: { ...Object.fromEntries(pem), ...(rejectUnauthorized === false && { rejectUnauthorized }) },
    headers: { ...basic, ...Object.fromEntries(given) },
  };
}
