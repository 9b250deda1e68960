import { execFile } from "node:child_process";
import { access, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { startGuarded } from "../kafka/guarded-process.ts";
import { network } from "./network.ts";

const run = promisify(execFile);

/** Namespaces of the kernel in which a node lives: its processes, mounts and network are its own, and end with them. */
export interface NodeNamespaces {
  /** Words before a command that is to run on the node. */
  readonly enter: readonly string[];
  /** Words before a command that is to see only the node's network. */
  readonly enterNetwork: readonly string[];
  /** The cgroup that is the root of all pods' cgroups. */
  readonly cgroup: string;
  /** Ends all that runs in them, and removes the cgroups. */
  stop(): Promise<void>;
}

/** The first process of the namespaces starts within milliseconds, on a busy machine a second. */
const startTimeoutMs = 30_000;
/** Processes of the namespaces are killed by the kernel; it takes a moment for large ones. */
const endTimeoutMs = 30_000;
const endPollMs = 20;
const cgroups = "/sys/fs/cgroup";

/** Settings of the kernel that kubelet wants: it finds them as it wants them, and leaves the machine's as they are. */
const kernelSettings = {
  "vm/overcommit_memory": 1,
  "vm/panic_on_oom": 0,
  "kernel/panic": 10,
  "kernel/panic_on_oops": 1,
  "kernel/keys/root_maxkeys": 1_000_000,
  "kernel/keys/root_maxbytes": 25_000_000,
} as const;

/**
 * The namespaces' first process. Under /run, /var/lib and /var/log the node has nothing of the machine's and leaves nothing. It
 * collects the processes whose parents are gone, and waits until it is killed, and all others with it.
 */
const first = `
set -e
read -r pid rest </proc/self/stat
mount --make-rshared /
mount -t proc proc /proc
for directory in /run /var/lib /var/log; do mount -t tmpfs tmpfs $directory; done
mkdir /run/settings
${Object.entries(kernelSettings)
  .map(([name, value]) => {
    const file = `/run/settings/${name.replaceAll("/", "-")}`;
    return `if [ -e /proc/sys/${name} ]; then echo ${value} >${file}; mount --bind ${file} /proc/sys/${name}; fi`;
  })
  .join("\n")}
ip link set lo up
ip link add node0 type bridge
ip address add ${network.node}/${network.nodeBits} dev node0
ip link set node0 up
ip route add ${network.services} dev node0
for name in ip_forward conf/all/route_localnet; do echo 1 >/proc/sys/net/ipv4/$name; done
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables; fi
echo namespaces ready $pid
while :; do sleep 1000000 & wait; done
`;

/**
 * Makes the namespaces of a node, with the network's bridge. No route leads out of them. Whatever happens to us, they end with all
 * their processes, and `directory` and their cgroups are removed. Needs root.
 */
export async function startNamespaces(directory: string): Promise<NodeNamespaces> {
  const cgroup = basename(directory);
  await makeCgroups(cgroup);
  const removal = removeCgroups(cgroup);
  const unshare = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child"];
  const process = startGuarded([...unshare, "sh", "-c", first], { name: "node", removed: directory, afterwards: removal });
  const stop = async () => {
    if (process.running) await process.kill();
    await run("sh", ["-c", removal]);
  };
  try {
    const line = await process.saw("namespaces ready", startTimeoutMs);
    const pid = line.split(" ").at(-1)!;
    const enter = ["nsenter", `--target=${pid}`];
    return {
      enter: [...enter, "--net", "--mount", "--pid"],
      enterNetwork: [...enter, "--net"],
      cgroup: `/${cgroup}`,
      stop: async () => {
        await process.kill();
        await gone(pid);
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function gone(pid: string): Promise<void> {
  const deadline = performance.now() + endTimeoutMs;
  while (await exists(`/proc/${pid}`)) {
    if (performance.now() > deadline)
      throw new Error(`node: process ${pid} has not ended ${endTimeoutMs / 1000} s after SIGKILL`);
    await sleep(endPollMs);
  }
}

/** In each hierarchy of version 1, or in the one of version 2 with the controllers that kubelet needs. */
async function makeCgroups(name: string): Promise<void> {
  if (await exists(join(cgroups, "cgroup.controllers"))) {
    const wanted = ["cpu", "cpuset", "memory", "pids", "io", "hugetlb"];
    const there = (await readFile(join(cgroups, "cgroup.controllers"), "utf8")).trim().split(" ");
    const enabled = there.filter((controller) => wanted.includes(controller)).map((controller) => `+${controller}`);
    await writeFile(join(cgroups, "cgroup.subtree_control"), enabled.join(" "));
    await mkdir(join(cgroups, name));
    await writeFile(join(cgroups, name, "cgroup.subtree_control"), enabled.join(" "));
    return;
  }
  for (const hierarchy of await readdir(cgroups, { withFileTypes: true })) {
    if (!hierarchy.isDirectory()) continue;
    const parent = join(cgroups, hierarchy.name);
    await mkdir(join(parent, name));
    // A cpuset without processors or memory takes no process.
    for (const set of ["cpuset.cpus", "cpuset.mems"])
      if (await exists(join(parent, set))) await writeFile(join(parent, name, set), await readFile(join(parent, set)));
  }
}

/** A cgroup can be removed once its processes are gone. */
function removeCgroups(name: string): string {
  const all = `${cgroups}/${name} ${cgroups}/*/${name}`;
  const once = `for tree in ${all}; do [ -d "$tree" ] && find "$tree" -depth -type d -exec rmdir {} \\; 2>/dev/null; done`;
  return `tries=0; while [ $tries -lt 100 ]; do tries=$((tries + 1)); ${once}; left=; for tree in ${all}; do [ -d "$tree" ] && left=yes; done; [ -z "$left" ] && break; sleep 0.1; done; [ -z "$left" ]`;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
