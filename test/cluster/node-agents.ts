import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startGuarded } from "../kafka/guarded-process.ts";
import type { ApiAccess } from "./api-access.ts";
import { openAuthority } from "./certificate-authority.ts";
import { network } from "./network.ts";

/** What the programs of a node need to know. */
export interface NodeAgentsOptions {
  readonly directory: string;
  readonly programs: string;
  /** Words before a command that runs on the node. */
  readonly enter: readonly string[];
  readonly access: ApiAccess;
  readonly cgroup: string;
  /** Of the container runtime. */
  readonly endpoint: string;
}

/** The node's name. */
export const nodeName = "node";

const startTimeoutMs = 60_000;

/** Starts kubelet, kube-proxy and CoreDNS; resolves once they have begun. They end with the node's namespaces. */
export async function startNodeAgents(options: NodeAgentsOptions): Promise<void> {
  await Promise.all([startKubelet(options), startProxy(options), startNames(options)]);
}

async function startKubelet({ directory, programs, enter, access, cgroup, endpoint }: NodeAgentsOptions): Promise<void> {
  const own = join(directory, "kubelet");
  await mkdir(own);
  const authority = await openAuthority(directory);
  const [kubeconfig, serving] = await Promise.all([
    access.kubeconfigFor(`system:node:${nodeName}`, ["system:nodes"]),
    authority.issue("kubelet", {
      subject: `/O=system:nodes/CN=system:node:${nodeName}`,
      usage: "serverAuth",
      names: [`DNS:${nodeName}`, `IP:${network.node}`, "IP:127.0.0.1"],
    }),
  ]);
  await writeFile(join(directory, "resolv.conf"), "");
  const configuration = join(directory, "kubelet.yaml");
  // JSON is YAML.
  await writeFile(
    configuration,
    JSON.stringify({
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      address: network.node,
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: authority.certificateFile },
      },
      authorization: { mode: "Webhook" },
      tlsCertFile: serving.certificateFile,
      tlsPrivateKeyFile: serving.keyFile,
      containerRuntimeEndpoint: endpoint,
      cgroupDriver: "cgroupfs",
      cgroupRoot: cgroup,
      failCgroupV1: false,
      failSwapOn: false,
      oomScoreAdj: 0,
      podLogsDir: "/var/log/pods",
      clusterDNS: [network.node],
      clusterDomain: "cluster.local",
      // Empty: what is not of the cluster has no name.
      resolvConf: join(directory, "resolv.conf"),
      maxPods: 250,
      serializeImagePulls: false,
      imageGCHighThresholdPercent: 100,
      imageGCLowThresholdPercent: 99,
      evictionHard: {
        "memory.available": "100Mi",
        "nodefs.available": "1%",
        "nodefs.inodesFree": "1%",
        "imagefs.available": "1%",
      },
      nodeStatusUpdateFrequency: "5s",
    }),
  );
  const names = [`--hostname-override=${nodeName}`, `--node-ip=${network.node}`];
  const places = [`--root-dir=${own}`, `--cert-dir=${join(own, "pki")}`];
  const kubelet = startGuarded(
    [...enter, join(programs, "kubelet"), `--config=${configuration}`, `--kubeconfig=${kubeconfig}`, ...names, ...places],
    { name: "kubelet" },
  );
  await kubelet.saw("Started kubelet", startTimeoutMs);
}

async function startProxy({ programs, enter, access }: NodeAgentsOptions): Promise<void> {
  const kubeconfig = await access.kubeconfigFor("system:kube-proxy");
  const proxy = startGuarded(
    [
      ...enter,
      join(programs, "kube-proxy"),
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=${nodeName}`,
      "--proxy-mode=iptables",
      `--cluster-cidr=${network.pods}`,
      `--bind-address=${network.node}`,
      // The machine's limits of tracked connections stay as they are.
      "--conntrack-max-per-core=0",
      "--conntrack-tcp-timeout-established=0",
      "--conntrack-tcp-timeout-close-wait=0",
    ],
    { name: "kube-proxy" },
  );
  await proxy.saw("Caches are synced", startTimeoutMs);
}

/** CoreDNS as a program of the node: names of services and pods, no others. */
async function startNames({ directory, programs, enter, access }: NodeAgentsOptions): Promise<void> {
  const kubeconfig = await access.kubeconfigFor("coredns", ["system:masters"]);
  const corefile = join(directory, "Corefile");
  await writeFile(
    corefile,
    `.:53 {
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${kubeconfig}
    pods insecure
    ttl 1
  }
}
`,
  );
  const names = startGuarded([...enter, join(programs, "coredns"), "-conf", corefile], { name: "coredns" });
  await names.saw("CoreDNS-", startTimeoutMs);
}
