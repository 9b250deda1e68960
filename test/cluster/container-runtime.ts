import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { startGuarded } from "../kafka/guarded-process.ts";
import { network } from "./network.ts";

const run = promisify(execFile);

/** Where a container runtime works. */
export interface ContainerRuntimeOptions {
  readonly directory: string;
  /** Words before a command that runs on the node. */
  readonly enter: readonly string[];
  /** The image that holds a pod's namespaces. */
  readonly pauseImage: string;
}

/** A running containerd. It ends with the node's namespaces. */
export interface ContainerRuntime {
  /** For kubelet. */
  readonly endpoint: string;
  /** Makes the images of an archive (OCI or Docker) known by their names. */
  importImages(archive: string): Promise<void>;
}

const startTimeoutMs = 60_000;

/** Starts containerd with runc and a bridge network for pods, all of its state in `directory`. */
export async function startContainerRuntime({
  directory,
  enter,
  pauseImage,
}: ContainerRuntimeOptions): Promise<ContainerRuntime> {
  const networks = join(directory, "networks");
  await mkdir(networks, { recursive: true });
  await writeFile(join(networks, "pods.conflist"), JSON.stringify(podNetwork(directory)));
  const { stdout: fileSystem } = await run("stat", ["--file-system", "--format=%T", directory]);
  // An overlay cannot stand on an overlay, as the root of a container is one.
  const snapshotter = fileSystem.includes("overlay") ? "native" : "overlayfs";
  const socket = join(directory, "containerd.sock");
  const configuration = join(directory, "containerd.toml");
  await writeFile(configuration, containerdConfiguration({ directory, networks, socket, snapshotter, pauseImage }));
  const containerd = startGuarded([...enter, "containerd", "--config", configuration], { name: "containerd" });
  await containerd.saw("containerd successfully booted", startTimeoutMs);
  return {
    endpoint: `unix://${socket}`,
    importImages: async (archive) => {
      const ctr = [
        ...enter,
        "ctr",
        "--address",
        socket,
        "--namespace",
        "k8s.io",
        "images",
        "import",
        "--snapshotter",
        snapshotter,
      ];
      await run(ctr[0]!, [...ctr.slice(1), archive]);
    },
  };
}

function podNetwork(directory: string) {
  const addresses = {
    type: "host-local",
    dataDir: join(directory, "addresses"),
    ranges: [[{ subnet: network.pods }]],
    routes: [{ dst: "0.0.0.0/0" }],
  };
  const bridge = { type: "bridge", bridge: "pods0", isGateway: true, ipMasq: false, hairpinMode: true, ipam: addresses };
  return {
    cniVersion: "0.4.0",
    name: "pods",
    plugins: [bridge, { type: "portmap", capabilities: { portMappings: true } }],
  };
}

interface Configuration {
  readonly directory: string;
  readonly networks: string;
  readonly socket: string;
  readonly snapshotter: string;
  readonly pauseImage: string;
}

/** TOML takes JSON's strings. */
const text = (value: string) => JSON.stringify(value);

function containerdConfiguration({ directory, networks, socket, snapshotter, pauseImage }: Configuration): string {
  return `
version = 2
root = ${text(join(directory, "containerd"))}
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = ${text(socket)}
[plugins."io.containerd.internal.v1.opt"]
  path = ${text(join(directory, "containerd-opt"))}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${text(pauseImage)}
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = ${text(snapshotter)}
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = ${text(networks)}
`;
}
