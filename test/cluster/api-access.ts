import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type CertificateAuthority, encodedFile, openAuthority } from "./certificate-authority.ts";

/** Where an API server is, in plain data: another process can make its ApiAccess from it. */
export interface ApiPlace {
  /** `https://host:port`. */
  readonly url: string;
  /** Holds the certificate authority and the kubeconfigs. */
  readonly directory: string;
  /** Directory with kubectl. */
  readonly programs: string;
  /** Words before a command that is to reach the server, such as nsenter's. */
  readonly enter?: readonly string[];
}

/** How kubectl is run. */
export interface KubectlOptions {
  /** Its standard input, for `-f -`. */
  readonly input?: string;
  /** Whose kubeconfig; the administrator's without it. */
  readonly kubeconfig?: string;
}

/** Ways to talk to an API server. */
export interface ApiAccess {
  readonly place: ApiPlace;
  readonly url: string;
  /** Path of the administrator's kubeconfig (group `system:masters`). */
  readonly kubeconfig: string;
  readonly kubeconfigText: string;
  /** Path of the certificate authority's certificate, which signed the server's. */
  readonly caFile: string;
  /** Resolves to what kubectl printed; throws an Error whose message is what it complained of. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<string>;
  /** Path of a kubeconfig for a user and its groups, by a client certificate: for tests of RBAC. */
  kubeconfigFor(user: string, groups?: readonly string[]): Promise<string>;
}

/** Output of one kubectl, in bytes: a list of some thousand objects. */
const outputBytesMax = 256 * 1024 * 1024;
const administrator = "administrator";

/** Access as the administrator, and as whom one likes. The first caller makes the administrator's kubeconfig in `directory`. */
export async function apiAccess(place: ApiPlace): Promise<ApiAccess> {
  const authority = await openAuthority(place.directory);
  const kubeconfig = join(place.directory, `${administrator}.kubeconfig`);
  const kubeconfigText = await readFile(kubeconfig, "utf8").catch(() =>
    writeKubeconfig({ place, authority, user: administrator, groups: ["system:masters"], file: kubeconfig }),
  );
  return {
    place,
    url: place.url,
    kubeconfig,
    kubeconfigText,
    caFile: authority.certificateFile,
    kubectl: (args, options = {}) => kubectl(place, args, { kubeconfig, ...options }),
    kubeconfigFor: async (user, groups = []) => {
      // A name of its own: another process may ask for the same user at the same time.
      const file = join(place.directory, `${user.replaceAll(/[^a-z0-9.-]/gi, "-")}-${randomUUID().slice(0, 8)}.kubeconfig`);
      await writeKubeconfig({ place, authority, user, groups, file });
      return file;
    },
  };
}

interface KubeconfigParts {
  readonly place: ApiPlace;
  readonly authority: CertificateAuthority;
  readonly user: string;
  readonly groups: readonly string[];
  readonly file: string;
}

/** Resolves to its text. */
async function writeKubeconfig({ place, authority, user, groups, file }: KubeconfigParts): Promise<string> {
  const subject = `${groups.map((group) => `/O=${group}`).join("")}/CN=${user}`;
  const { certificateFile, keyFile } = await authority.issue(basename(file, ".kubeconfig"), { subject, usage: "clientAuth" });
  const cluster = { server: place.url, "certificate-authority-data": await encodedFile(authority.certificateFile) };
  const credentials = {
    "client-certificate-data": await encodedFile(certificateFile),
    "client-key-data": await encodedFile(keyFile),
  };
  // JSON is YAML.
  const text = JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    clusters: [{ name: "test", cluster }],
    users: [{ name: user, user: credentials }],
    contexts: [{ name: "test", context: { cluster: "test", user } }],
  });
  await writeFile(file, text, { mode: 0o600 });
  return text;
}

async function kubectl(
  place: ApiPlace,
  args: readonly string[],
  { input, kubeconfig }: KubectlOptions & { readonly kubeconfig: string },
): Promise<string> {
  const own = ["--kubeconfig", kubeconfig, "--cache-dir", join(place.directory, "kubectl-cache")];
  const [program, ...words] = [...(place.enter ?? []), join(place.programs, "kubectl"), ...own, ...args] as [string, ...string[]];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = execFile(program, words, { maxBuffer: outputBytesMax }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(`kubectl ${args.join(" ")}: ${stderr.trim() || error.message}`));
  });
  child.stdin?.on("error", () => {});
  child.stdin?.end(input ?? "");
  return promise;
}
