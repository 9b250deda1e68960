import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cachedDirectory } from "../cache/cached-directory.ts";
import { startGuarded } from "../kafka/guarded-process.ts";
import { type Cluster, type ClusterOptions, type ClusterPlace, clusterAccess } from "./cluster-access.ts";
import { programs } from "./programs.ts";

const run = promisify(execFile);

/** Its node image has the Kubernetes that programs/go.mod names, in its minor version. */
const kindVersion = "0.30.0";

/** Starts a cluster of kind, under a name of its own, in the Docker engine of this machine. Nothing of it survives us. Needs Go, once, to build kind. */
export async function startKind(options: ClusterOptions): Promise<Cluster> {
  const say = options.say ?? (() => {});
  const [directoryOfPrograms, kind] = [await programs(say), await kindProgram(say)];
  const began = performance.now();
  const directory = await mkdtemp(join(tmpdir(), "snowline-cluster-"));
  const name = directory.split("/").at(-1)!.toLowerCase();
  const node = `${name}-control-plane`;
  const kubeconfig = join(directory, "kind.kubeconfig");
  const remove = [kind, "delete", "cluster", "--name", name, "--kubeconfig", kubeconfig];
  const guard = startGuarded(["sh", "-c", "while :; do sleep 1000000 & wait; done"], {
    name: "kind",
    removed: directory,
    afterwards: remove.map((word) => `'${word}'`).join(" "),
  });
  const importImages = async (archive: string) => void (await run(kind, ["load", "image-archive", archive, "--name", name]));
  const stop = async () => {
    await run(kind, remove.slice(1));
    await guard.kill();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    say(`starting a cluster of kind ${kindVersion}; its node image, 1 GB, is downloaded once`);
    await run(kind, ["create", "cluster", "--name", name, "--kubeconfig", kubeconfig, "--wait", "5m"]);
    for (const file of ["ca.crt", "ca.key"])
      await run("docker", ["cp", `${node}:/etc/kubernetes/pki/${file}`, join(directory, file)]);
    for (const archive of options.images ?? []) await importImages(archive);
    const place: ClusterPlace = {
      api: { url: await serverOf(kubeconfig), directory, programs: directoryOfPrograms },
      hostAddress: await gateway(),
      enterNetwork: [],
      enterNode: ["docker", "exec", "--interactive", node],
      node,
    };
    const startSeconds = (performance.now() - began) / 1000;
    return { ...(await clusterAccess(place)), importImages, startSeconds, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function kindProgram(say: (line: string) => void): Promise<string> {
  const directory = await cachedDirectory(`kind-${kindVersion}`, async (partial) => {
    say(`building kind ${kindVersion} from its Go module, once: about a minute`);
    const env = { ...process.env, GOBIN: partial, CGO_ENABLED: "0" };
    await run("go", ["install", `sigs.k8s.io/kind@v${kindVersion}`], { env }).catch((cause: unknown) => {
      throw new Error("kind: cannot be built; install Go 1.24 or newer and put `go` in PATH", { cause });
    });
  });
  return join(directory, "kind");
}

async function serverOf(kubeconfig: string): Promise<string> {
  const server = /server: (\S+)/.exec(await readFile(kubeconfig, "utf8"))?.[1];
  if (server === undefined) throw new Error(`kind: no server in ${kubeconfig}`);
  return server;
}

/** The machine, as kind's nodes and pods see it. On Linux only: elsewhere Docker's bridge is in a virtual machine. */
async function gateway(): Promise<string> {
  const format = "{{range .IPAM.Config}}{{.Gateway}} {{end}}";
  const { stdout } = await run("docker", ["network", "inspect", "kind", "--format", format]);
  const address = stdout.split(/\s+/).find((word) => /^\d+(\.\d+){3}$/.test(word));
  if (address === undefined) throw new Error("kind: its Docker network has no IPv4 gateway, where pods would reach this machine");
  return address;
}
