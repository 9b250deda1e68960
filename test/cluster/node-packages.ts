import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A program that the node needs, and the Debian package that has it. */
const needs: readonly (readonly [program: string, debianPackage: string])[] = [
  ["containerd", "containerd"],
  ["ctr", "containerd"],
  ["runc", "runc"],
  ["/usr/lib/cni/bridge", "containernetworking-plugins"],
  ["iptables", "iptables"],
  ["conntrack", "conntrack"],
  ["socat", "socat"],
  ["ip", "iproute2"],
  ["mount", "mount"],
  ["nsenter", "util-linux"],
  ["buildah", "buildah"],
];

/**
 * Makes this machine fit to run a node: on Debian, as root, it installs the packages that are missing and says so. Throws one line
 * that names the fix where it cannot.
 */
export async function nodePackages(say: (line: string) => void): Promise<void> {
  if (process.platform !== "linux")
    throw new Error(
      `cluster: a node runs on Linux only, and this is ${process.platform}; start a Docker engine, and kind is used instead`,
    );
  if (process.geteuid?.() !== 0)
    throw new Error("cluster: a node needs root; use sudo, or start a Docker engine, and kind is used instead");
  const missing = await missingPackages();
  if (missing.length === 0) return;
  const install = `apt-get install --yes --no-install-recommends ${missing.join(" ")}`;
  if (!(await works("apt-get", ["--version"])))
    throw new Error(`cluster: this machine lacks ${missing.join(", ")}; Debian: ${install}`);
  say(`installing Debian's ${missing.join(", ")}, once`);
  const [program, ...args] = install.split(" ") as [string, ...string[]];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update"], { env }).catch(() => {});
  await run(program, args, { env, maxBuffer: Infinity }).catch((cause: unknown) => {
    throw new Error(`cluster: the node's packages cannot be installed; see what says: ${install}`, { cause });
  });
}

async function missingPackages(): Promise<string[]> {
  const there = await Promise.all(needs.map(([program]) => works("sh", ["-c", `command -v ${program}`])));
  return [...new Set(needs.filter((_, at) => !there[at]).map(([, debianPackage]) => debianPackage))];
}

async function works(program: string, args: readonly string[]): Promise<boolean> {
  return run(program, args).then(
    () => true,
    () => false,
  );
}
