import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { HttpApi } from "../../operator/kube/http-api.ts";
import type { KubeObject } from "../../operator/kube/kube-object.ts";
import { resourceType } from "../../operator/pipeline/resource-types.ts";

/** Tells a Prometheus that cannot ask Kubernetes itself, such as Debian's, what it would find there. Disposing of it ends it. */
export interface PodDiscovery extends AsyncDisposable {
  /** What stands for one of `kubernetes_sd_configs`. */
  httpSd(discovery: KubernetesDiscovery): object;
}

/** One of `kubernetes_sd_configs`, as far as it is played. */
export interface KubernetesDiscovery {
  readonly role: "pod";
  readonly namespaces?: { readonly names: readonly string[] };
}

interface Pod extends KubeObject {
  readonly spec: {
    readonly containers: readonly {
      readonly name: string;
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: { readonly podIP?: string };
}

/** Starts it: pods come from the real API server, and have Prometheus' documented labels of the role `pod`. */
export async function startPodDiscovery(api: HttpApi): Promise<PodDiscovery> {
  const server = createServer((request, response) => {
    const names = new URL(request.url ?? "/", "http://localhost").searchParams.getAll("namespace");
    const pages = (names.length === 0 ? [undefined] : names).map((namespace) =>
      api.list<Pod>(resourceType.pod, namespace === undefined ? {} : { namespace }),
    );
    const answer = async (): Promise<void> => {
      const lists = await Promise.all(pages);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(lists.flatMap(({ items }) => items.flatMap(targetsOf))));
    };
    answer().catch(() => response.writeHead(500).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    httpSd: ({ namespaces }) => {
      const query = new URLSearchParams((namespaces?.names ?? []).map((name): [string, string] => ["namespace", name]));
      return { url: `${url}?${query.toString()}`, refresh_interval: "1s" };
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A target for each port of each container, as soon as the pod has an address. */
function targetsOf({ metadata, spec, status }: Pod): readonly object[] {
  const { podIP } = status ?? {};
  if (podIP === undefined) return [];
  const labels = Object.entries(metadata.labels ?? {}).map(([name, value]) => [
    `__meta_kubernetes_pod_label_${name.replaceAll(/[^a-zA-Z0-9_]/g, "_")}`,
    value,
  ]);
  return spec.containers.flatMap(({ name: container, ports = [] }) =>
    ports.map(({ name = "", containerPort }) => ({
      targets: [`${podIP}:${containerPort}`],
      labels: {
        ...(Object.fromEntries(labels) as Record<string, string>),
        __meta_kubernetes_namespace: metadata.namespace ?? "",
        __meta_kubernetes_pod_name: metadata.name,
        __meta_kubernetes_pod_container_name: container,
        __meta_kubernetes_pod_container_port_name: name,
      },
    })),
  );
}
