import { copyFile, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { freePorts } from "../kafka/free-port.ts";
import { type GuardedProcess, startGuarded } from "../kafka/guarded-process.ts";
import { aggregateApi, type AggregatedApi, dropApi } from "./aggregated-api.ts";
import { openAuthority } from "./certificate-authority.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import { kedaConfiguration, kedaDefinitions, kedaMetricsServer, kedaOperator } from "./keda-programs.ts";

/** As KEDA's own manifests have it. */
const namespace = "keda";
const account = `system:serviceaccount:${namespace}:keda-operator`;
const startTimeoutMs = 120_000;
const stopGraceMs = 5000;

/**
 * Starts KEDA's operator and metrics server beside a cluster, in its network. The operator has the rights of KEDA's own manifests
 * without that to read and to scale whatever there is: give the ServiceAccount keda/keda-operator what it is to scale, as an install
 * with few rights has to. Disposing ends both; the definitions stay.
 */
export async function startKeda(cluster: ClusterAccess, say: (line: string) => void): Promise<AsyncDisposable> {
  const programs = { operator: await kedaOperator(say), metricsServer: await kedaMetricsServer(say) };
  await install(cluster);
  const directory = await mkdtemp(join(tmpdir(), "snowline-keda-"));
  const [grpc, metrics, health, secure, otherMetrics] = (await freePorts(5)) as [number, number, number, number, number];
  const api: AggregatedApi = { group: "external.metrics.k8s.io", version: "v1beta1", service: "keda-metrics", port: secure };
  const certificates = await makeCertificates(cluster, directory);
  const environment = ["env", `POD_NAMESPACE=${namespace}`, "WATCH_NAMESPACE=", `KEDA_CLUSTER_OBJECT_NAMESPACE=${namespace}`];
  const running: GuardedProcess[] = [];
  const start = (name: string, command: readonly string[]): GuardedProcess => {
    const process = startGuarded([...environment, ...command], { name, removed: directory });
    running.push(process);
    return process;
  };
  const stop = async (): Promise<void> => {
    await dropApi(cluster, api);
    await Promise.all(running.map((process) => process.stop(stopGraceMs)));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const operator = start("keda-operator", [
      programs.operator,
      `--kubeconfig=${await cluster.kubeconfigFor(account)}`,
      `--metrics-bind-address=127.0.0.1:${metrics}`,
      `--health-probe-bind-address=127.0.0.1:${health}`,
      `--metrics-service-bind-address=127.0.0.1:${grpc}`,
      `--cert-dir=${certificates.operator}`,
      "--enable-webhook-patching=false",
      "--enable-apiservice-patching=false",
    ]);
    await operator.saw("Starting workers", startTimeoutMs);
    const kubeconfig = await cluster.kubeconfigFor("keda-metrics-server", ["system:masters"]);
    const server = start("keda-metrics-server", [
      programs.metricsServer,
      ...["kubeconfig", "lister-kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"].map(
        (flag) => `--${flag}=${kubeconfig}`,
      ),
      `--secure-port=${secure}`,
      `--port=${otherMetrics}`,
      `--metrics-service-address=127.0.0.1:${grpc}`,
      `--cert-dir=${certificates.metricsServer}`,
    ]);
    await server.saw("starting adapter", startTimeoutMs);
    await aggregateApi(cluster, api);
  } catch (error) {
    await stop();
    throw error;
  }
  return { [Symbol.asyncDispose]: stop };
}

interface Rights {
  readonly kind: string;
  rules?: readonly { readonly apiGroups?: readonly string[] }[];
}

/** What KEDA's manifests bring besides the programs. */
async function install(cluster: ClusterAccess): Promise<void> {
  const apply = (input: string) => cluster.kubectl(["apply", "--server-side", "-f", "-"], { input });
  const definitions = (await kedaDefinitions()).flatMap((file) => ["-f", file]);
  await cluster.kubectl(["apply", "--server-side", ...definitions]);
  await apply(await kedaConfiguration("general/namespace.yaml"));
  await apply(await kedaConfiguration("service_account/service_account.yaml"));
  for (const file of ["rbac/role.yaml", "rbac/role_binding.yaml", "metrics-server/role.yaml", "metrics-server/role_binding.yaml"])
    for (const document of parseAllDocuments(await kedaConfiguration(file))) {
      const object = document.toJS() as Rights;
      if (object.rules !== undefined) object.rules = object.rules.filter(({ apiGroups = [] }) => !apiGroups.includes("*"));
      await apply(JSON.stringify(object));
    }
  await cluster.kubectl(["wait", "--for=condition=Established", "--timeout=60s", ...definitions]);
}

/** Each of the two asks the other for a certificate. */
async function makeCertificates(
  cluster: ClusterAccess,
  directory: string,
): Promise<{ readonly operator: string; readonly metricsServer: string }> {
  const authority = await openAuthority(cluster.place.directory);
  const make = async (name: string, usage: "serverAuth" | "clientAuth"): Promise<string> => {
    const own = join(directory, name);
    await mkdir(own);
    const issued = await authority.issue(`keda-${name}`, { subject: `/CN=keda-${name}`, usage, names: ["IP:127.0.0.1"] });
    await rename(issued.certificateFile, join(own, "tls.crt"));
    await rename(issued.keyFile, join(own, "tls.key"));
    await copyFile(authority.certificateFile, join(own, "ca.crt"));
    return own;
  };
  return { operator: await make("operator", "serverAuth"), metricsServer: await make("metrics-server", "clientAuth") };
}
