import { join } from "node:path";
import { network } from "./network.ts";

/** What a control plane is made of. */
export interface ControlPlaneOptions {
  /** Data, certificates and kubeconfigs go here; it is removed when we are killed. */
  readonly directory: string;
  readonly programs: string;
  /** Address that the API server listens on and is reached at. */
  readonly address: string;
  readonly ports: ControlPlanePorts;
  readonly controllers: boolean;
  readonly scheduler: boolean;
  /** kube-apiserver's, after ours: the last one counts. */
  readonly apiArgs: readonly string[];
  /** Words before each command, such as nsenter's. */
  readonly enter?: readonly string[];
}

/** Ports of one control plane; all but the API server's are of 127.0.0.1. */
export interface ControlPlanePorts {
  readonly etcd: number;
  readonly etcdPeers: number;
  readonly api: number;
  readonly controllers: number;
  readonly scheduler: number;
}

/** Names of the files in `directory`. */
export const controlPlaneFiles = {
  apiServer: "api-server",
  kubeletClient: "kubelet-client",
  aggregator: "aggregator",
  serviceAccountKey: "service-accounts.key",
} as const;

const requestsPerSecond = ["--kube-api-qps=500", "--kube-api-burst=1000"];

/** etcd, in memory as far as the disk is concerned: data of a test needs no fsync. */
export function etcdArgs({ directory, ports }: ControlPlaneOptions): string[] {
  const clients = `http://127.0.0.1:${ports.etcd}`;
  const peers = `http://127.0.0.1:${ports.etcdPeers}`;
  return [
    `--data-dir=${join(directory, "etcd")}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
    "--unsafe-no-fsync",
  ];
}

/** kube-apiserver with RBAC. Without controllers no namespace gets its service account, so none is asked for. */
export function apiServerArgs({ directory, ports, address, controllers, apiArgs }: ControlPlaneOptions): string[] {
  const pair = (flags: readonly [string, string], name: string) => [
    `--${flags[0]}=${join(directory, `${name}.crt`)}`,
    `--${flags[1]}=${join(directory, `${name}.key`)}`,
  ];
  const authority = join(directory, "ca.crt");
  const serviceAccountKey = join(directory, controlPlaneFiles.serviceAccountKey);
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    `--secure-port=${ports.api}`,
    // The address of `kubernetes.default` may not be of the loopback: without a node nobody goes there.
    ...(address.startsWith("127.") ? ["--endpoint-reconciler-type=none"] : []),
    `--service-cluster-ip-range=${network.services}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    ...(controllers ? [] : ["--disable-admission-plugins=ServiceAccount"]),
    "--allow-privileged=true",
    `--client-ca-file=${authority}`,
    ...pair(["tls-cert-file", "tls-private-key-file"], controlPlaneFiles.apiServer),
    ...pair(["kubelet-client-certificate", "kubelet-client-key"], controlPlaneFiles.kubeletClient),
    `--kubelet-certificate-authority=${authority}`,
    "--kubelet-preferred-address-types=InternalIP",
    `--service-account-key-file=${serviceAccountKey}`,
    `--service-account-signing-key-file=${serviceAccountKey}`,
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--requestheader-client-ca-file=${authority}`,
    "--requestheader-allowed-names=aggregator",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-username-headers=X-Remote-User",
    ...pair(["proxy-client-cert-file", "proxy-client-key-file"], controlPlaneFiles.aggregator),
    ...apiArgs,
  ];
}

/** kube-controller-manager: no leader election, and as quick as the server answers. */
export function controllerManagerArgs({ directory, ports }: ControlPlaneOptions, kubeconfig: string): string[] {
  return [
    ...identity(kubeconfig),
    "--bind-address=127.0.0.1",
    `--secure-port=${ports.controllers}`,
    `--service-account-private-key-file=${join(directory, controlPlaneFiles.serviceAccountKey)}`,
    `--root-ca-file=${join(directory, "ca.crt")}`,
    `--cluster-signing-cert-file=${join(directory, "ca.crt")}`,
    `--cluster-signing-key-file=${join(directory, "ca.key")}`,
    "--use-service-account-credentials=true",
    "--allocate-node-cidrs=false",
    `--service-cluster-ip-range=${network.services}`,
    "--leader-elect=false",
    ...requestsPerSecond,
  ];
}

/** kube-scheduler, likewise. */
export function schedulerArgs({ ports }: ControlPlaneOptions, kubeconfig: string): string[] {
  return [
    ...identity(kubeconfig),
    "--bind-address=127.0.0.1",
    `--secure-port=${ports.scheduler}`,
    "--leader-elect=false",
    ...requestsPerSecond,
  ];
}

const identity = (kubeconfig: string) => [
  `--kubeconfig=${kubeconfig}`,
  `--authentication-kubeconfig=${kubeconfig}`,
  `--authorization-kubeconfig=${kubeconfig}`,
];
