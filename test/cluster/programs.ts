import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { cachedDirectory } from "../cache/cached-directory.ts";

/** The Kubernetes that tests and the demo run against, and Helm's version; both as programs/go.mod has them. */
export const kubernetesVersion = "1.34.4";
const helmVersion = "3.19.5";

const module = join(import.meta.dirname, "programs");
/** What programs/main.go is called as. */
const names = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "kubectl",
  "coredns",
];
/** Characters of an error of Go that are kept: its last lines say what is wrong. */
const errorCharactersMax = 2000;

/**
 * The directory with the programs of a cluster, by their usual names: etcd, kube-*, kubelet, kubectl, coredns, helm. Built once from
 * the Go modules that programs/go.mod fixes and kept outside the tree; `announce` is told before and after. Throws a sentence that
 * names the fix where they cannot be built.
 */
export async function programs(announce: (line: string) => void = () => {}): Promise<string> {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum", "main.go"]) hash.update(await readFile(join(module, file)));
  return cachedDirectory(`kubernetes-${kubernetesVersion}-${hash.digest("hex").slice(0, 12)}`, async (partial) => {
    announce(
      `building Kubernetes ${kubernetesVersion} and Helm ${helmVersion} from their Go modules, once: 5-15 minutes on 2 cores`,
    );
    const began = performance.now();
    await build(partial);
    announce(`Kubernetes is built after ${Math.round((performance.now() - began) / 1000)} s`);
  });
}

async function build(directory: string): Promise<void> {
  const [major, minor] = kubernetesVersion.split(".");
  const stamps = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((variables) => [
    `-X ${variables}.gitVersion=v${kubernetesVersion}`,
    `-X ${variables}.gitMajor=${major}`,
    `-X ${variables}.gitMinor=${minor}`,
  ]);
  const flags = ["-s", "-w", ...stamps, `-X helm.sh/helm/v3/internal/version.version=v${helmVersion}`].join(" ");
  await go(["build", "-mod=readonly", "-trimpath", "-ldflags", flags, "-o", `${directory}/`, ".", "helm.sh/helm/v3/cmd/helm"]);
  await rename(join(directory, "programs"), join(directory, "kubernetes"));
  for (const name of names) await symlink("kubernetes", join(directory, name));
}

async function go(args: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn("go", args, {
    cwd: module,
    env: { ...process.env, CGO_ENABLED: "0" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (text: Buffer) => (output = (output + text.toString()).slice(-errorCharactersMax)));
  child.on("error", (cause) =>
    reject(new Error("Kubernetes: Go is needed to build it, once; install Go 1.24 or newer and put `go` in PATH", { cause })),
  );
  child.on("close", (code) =>
    code === 0 ? resolve() : reject(new Error(`Kubernetes: cannot be built (go ended with ${code}):\n${output.trim()}`)),
  );
  await promise;
}
