import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";

/** A program that gives credentials (client.authentication.k8s.io). */
export interface ExecPlugin {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

/** `clusters[].cluster`, as far as it is read. https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
export interface KubeconfigCluster {
  readonly server: string;
  readonly "certificate-authority"?: string;
  readonly "certificate-authority-data"?: string;
  readonly "tls-server-name"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "proxy-url"?: string;
}

/** `users[].user`, as far as it is read. */
export interface KubeconfigUser {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly as?: string;
  readonly "client-certificate"?: string;
  readonly "client-certificate-data"?: string;
  readonly "client-key"?: string;
  readonly "client-key-data"?: string;
  readonly exec?: ExecPlugin;
  readonly "auth-provider"?: { readonly name?: string };
}

/** One cluster and one user, paths made absolute. */
export interface KubeconfigContext {
  readonly cluster: KubeconfigCluster;
  readonly user: KubeconfigUser;
  readonly namespace: string;
}

/** Which context of which files. */
export interface KubeconfigChoice {
  /** Paths, as in KUBECONFIG: of things with the same name, the first file's counts. */
  readonly files: readonly string[];
  /** A context by its name; the current one without it. */
  readonly context?: string;
}

type Named = { readonly name?: string } & Readonly<Record<string, unknown>>;
interface Document {
  readonly file: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** Reads the context, its cluster and its user. Throws an Error that says which file lacks what. */
export async function readKubeconfig(choice: KubeconfigChoice): Promise<KubeconfigContext> {
  const documents = await Promise.all(choice.files.map(readDocument));
  const where = `kubeconfig ${choice.files.join(", ")}`;
  const current = documents.map(({ content }) => content["current-context"]).find((name) => typeof name === "string" && name);
  const name = choice.context ?? (current as string | undefined);
  if (name === undefined) throw new Error(`${where}: no context is current: choose one with kubectl config use-context`);
  const entry = (list: "contexts" | "clusters" | "users", wanted: string) => {
    for (const { file, content } of documents) {
      const found = ((content[list] ?? []) as readonly Named[]).find((candidate) => candidate.name === wanted);
      if (found !== undefined) return { file, value: (found[list.slice(0, -1)] ?? {}) as Readonly<Record<string, string>> };
    }
    throw new Error(`${where}: there is no "${wanted}" among its ${list}`);
  };
  const context = entry("contexts", name).value;
  const cluster = entry("clusters", context["cluster"] ?? "");
  const user = entry("users", context["user"] ?? "");
  if (typeof cluster.value["server"] !== "string") throw new Error(`${where}: the cluster "${context["cluster"]}" has no server`);
  return {
    cluster: absolute(cluster, ["certificate-authority"]) as unknown as KubeconfigCluster,
    user: absolute(user, ["client-certificate", "client-key", "tokenFile"]),
    namespace: context["namespace"] ?? "default",
  };
}

async function readDocument(file: string): Promise<Document> {
  try {
    const content: unknown = parse(await readFile(file, "utf8"));
    return { file, content: (content ?? {}) as Document["content"] };
  } catch (cause) {
    // What the parser says may quote a token.
    const why = (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.name : "unreadable");
    // oxlint-disable-next-line preserve-caught-error -- the cause quotes the file, which holds secrets
    throw new Error(`kubeconfig ${file}: cannot be read (${why})`);
  }
}

/** Paths are relative to the file that names them. */
function absolute(
  { file, value }: { readonly file: string; readonly value: Readonly<Record<string, string>> },
  paths: readonly string[],
): Readonly<Record<string, string>> {
  const found = paths.flatMap((name) => (value[name] ? [[name, resolve(dirname(file), value[name])] as const] : []));
  return { ...value, ...Object.fromEntries(found) };
}
