import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterAccess } from "./cluster-access.ts";

/** An API that another program serves, through the API server. */
export interface AggregatedApi {
  /** Such as `metrics.k8s.io`. */
  readonly group: string;
  readonly version: string;
  /** Name of the Service that stands for the program, in kube-system. */
  readonly service: string;
  /** Of the host, where the program listens. */
  readonly port: number;
}

const namespace = "kube-system";
/** The program has been seen to listen; the API server asks it every half a minute, sooner after a change. */
const availableTimeoutMs = 60_000;
const availablePollMs = 250;

/**
 * Has the API server pass an API on to a program on the cluster's host address: by a Service that selects no pod and has that address
 * instead. Resolves when it is available. The program's certificate is not checked: it makes its own.
 */
export async function aggregateApi(cluster: ClusterAccess, { group, version, service, port }: AggregatedApi): Promise<void> {
  const name = `${version}.${group}`;
  const metadata = { name: service, namespace };
  const items = [
    { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ name: "https", port: 443, targetPort: port }] } },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, labels: { "kubernetes.io/service-name": service } },
      addressType: "IPv4",
      ports: [{ name: "https", port, protocol: "TCP" }],
      endpoints: [{ addresses: [cluster.cluster.hostAddress], conditions: { ready: true } }],
    },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name },
      spec: {
        group,
        version,
        service: { name: service, namespace },
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ];
  await cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify({ apiVersion: "v1", kind: "List", items }) });
  await available(cluster, name);
}

async function available(cluster: ClusterAccess, name: string): Promise<void> {
  const deadline = performance.now() + availableTimeoutMs;
  const condition = ["get", "apiservice", name, "-o", 'jsonpath={.status.conditions[?(@.type=="Available")]}'];
  for (;;) {
    const told = await cluster.kubectl(condition);
    if (told.includes('"status":"True"')) return;
    if (performance.now() > deadline) throw new Error(`API ${name}: not available after ${availableTimeoutMs / 1000} s: ${told}`);
    await sleep(availablePollMs);
  }
}

/** Takes the API away again; what it was made of goes, too. */
export async function dropApi(cluster: ClusterAccess, { group, version, service }: AggregatedApi): Promise<void> {
  await cluster.kubectl(["delete", "apiservice", `${version}.${group}`, "--ignore-not-found"]);
  await cluster.kubectl(["-n", namespace, "delete", "service", service, "--ignore-not-found"]);
}
