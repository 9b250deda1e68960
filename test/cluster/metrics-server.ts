import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildGoProgram } from "../cache/go-program.ts";
import { freePorts } from "../kafka/free-port.ts";
import { startGuarded } from "../kafka/guarded-process.ts";
import { aggregateApi, type AggregatedApi, dropApi } from "./aggregated-api.ts";
import type { ClusterAccess } from "./cluster-access.ts";

const startTimeoutMs = 60_000;
const stopGraceMs = 5000;

/**
 * Starts metrics-server beside a cluster, in its network: `kubectl top` and autoscalers on CPU work with it, from some 20 seconds later
 * on. Disposing ends it. Its modules are those of our Kubernetes (programs/), so that building it takes half a minute once that is
 * built.
 */
export async function startMetricsServer(cluster: ClusterAccess, say: (line: string) => void): Promise<AsyncDisposable> {
  const program = await buildGoProgram(
    {
      name: "metrics-server",
      module: join(import.meta.dirname, "metrics-server"),
      package: "sigs.k8s.io/metrics-server/cmd/metrics-server",
      takes: "half a minute on 2 cores",
    },
    say,
  );
  const directory = await mkdtemp(join(tmpdir(), "snowline-metrics-server-"));
  const kubeconfig = await cluster.kubeconfigFor("metrics-server", ["system:masters"]);
  const [port] = (await freePorts(1)) as [number];
  const api: AggregatedApi = { group: "metrics.k8s.io", version: "v1beta1", service: "metrics-server", port };
  const server = startGuarded(
    [
      program,
      `--secure-port=${port}`,
      `--cert-dir=${directory}`,
      ...["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"].map((flag) => `--${flag}=${kubeconfig}`),
      "--kubelet-preferred-address-types=InternalIP",
      // kind's kubelet signs its certificate itself.
      "--kubelet-insecure-tls",
      // As often as the kubelet measures; it is to answer sooner.
      "--metric-resolution=10s",
      "--kubelet-request-timeout=5s",
    ],
    { name: "metrics-server", removed: directory },
  );
  const stop = async (): Promise<void> => {
    await dropApi(cluster, api);
    await server.stop(stopGraceMs);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await server.saw("Serving securely on", startTimeoutMs);
    await aggregateApi(cluster, api);
  } catch (error) {
    await stop();
    throw error;
  }
  return { [Symbol.asyncDispose]: stop };
}
