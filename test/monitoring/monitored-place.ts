import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { HttpApi } from "../../operator/kube/http-api.ts";
import { type ApiServer, startApiServer } from "../cluster/api-server.ts";
import { chart, helm } from "../charts/helm.ts";
import { freePorts } from "../kafka/free-port.ts";
import { startGuarded } from "../kafka/guarded-process.ts";
import { openApi } from "../operator/open-api.ts";
import { readyAt, startProcessKubelet } from "./process-kubelet.ts";

/** A real API server with the chart, the operator and the pods of a namespace: all but the nodes. */
export interface MonitoredPlace extends AsyncDisposable {
  readonly server: ApiServer;
  readonly api: HttpApi;
  /** The pipelines'. */
  readonly namespace: string;
  /** For what pipelines read and write. */
  readonly directory: string;
  /** Port of the webhook at `operatorAddress`. */
  readonly webhookPort: number;
  readonly operatorAddress: string;
  /** kubectl apply. */
  apply(...objects: readonly object[]): Promise<void>;
  /** Waits until it holds. */
  until(what: string, holds: () => Promise<boolean>): Promise<void>;
}

/** Where the chart is installed. */
export const operatorNamespace = "snowline-system";
const patienceMs = 120_000;
const metricsPort = 8080;
const root = join(chart, "../..");

/** Addresses of this machine's own network that no other run of the tests takes: 127.x.y.1, 127.x.y.2, … */
function ownAddresses(): () => string {
  let last = 0;
  const [high, low] = [1 + ((process.pid >> 8) % 250), process.pid % 256];
  return () => `127.${high}.${low}.${(last += 1)}`;
}

/** Starts it. */
export async function openMonitoredPlace(): Promise<MonitoredPlace> {
  await using opened = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "snowline-monitored-"));
  opened.defer(() => rm(directory, { recursive: true, force: true }));
  const namespace = "shop";
  const nextAddress = ownAddresses();
  const operatorAddress = nextAddress();
  const [webhookPort] = (await freePorts(1)) as [number];
  const server = opened.use(await startApiServer({ controllers: true }));
  await installChart(server);
  await server.kubectl(["create", "namespace", namespace]);
  const api = opened.use(await openApi(server.kubeconfig));
  const flags = {
    kubeconfig: server.kubeconfig,
    "operator-namespace": operatorNamespace,
    identity: "operator",
    "runtime-image": "snowline:test",
    host: operatorAddress,
    port: String(metricsPort),
    "webhook-port": String(webhookPort),
    "webhook-service": "snowline-webhook",
    "webhook-configuration": `snowline.${operatorNamespace}`,
    "webhook-secret": "snowline-webhook",
  };
  const command = [
    process.execPath,
    join(root, "operator/main.ts"),
    ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
  ];
  const operator = startGuarded(command, { name: "operator" });
  opened.defer(() => operator.stop(30_000));
  await operator.saw("listening", 60_000);
  opened.use(startProcessKubelet({ api, namespace, directory, nextAddress }));
  const stack = opened.move();
  return {
    server,
    api,
    namespace,
    directory,
    webhookPort,
    operatorAddress,
    apply: async (...objects) => {
      const list = { apiVersion: "v1", kind: "List", items: objects };
      await server.kubectl(["apply", "-n", namespace, "-f", "-"], { input: JSON.stringify(list) });
    },
    until,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };

  /** The operator's own pod stands for the process: Prometheus finds it as it finds one. */
  async function installChart(to: ApiServer): Promise<void> {
    const where = ["--kubeconfig", to.kubeconfig, "--namespace", operatorNamespace, "--create-namespace"];
    await helm(["install", "snowline", chart, ...where], { replicas: 1, tests: { enabled: false } });
    // No one leads the API server to a Service here: it is not to try.
    const nobody = [
      { op: "add", path: "/webhooks/0/namespaceSelector", value: { matchLabels: { "snowline.test/nobody": "true" } } },
    ];
    const webhook = ["validatingwebhookconfiguration", `snowline.${operatorNamespace}`];
    await to.kubectl(["patch", ...webhook, "--type=json", "-p", JSON.stringify(nobody)]);
    const podName = (): Promise<string> => to.kubectl(["get", "pods", "-n", operatorNamespace, "-o", "name"]);
    await until("the operator's pod is made", async () => (await podName()) !== "");
    const status = JSON.stringify({ status: readyAt(operatorAddress, "operator") });
    const pod = (await podName()).trim();
    await to.kubectl(["patch", pod, "-n", operatorNamespace, "--subresource=status", "--type=merge", "-p", status]);
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const since = Date.now(); !(await holds()); await sleep(250))
    if (Date.now() - since > patienceMs) throw new Error(`not within ${patienceMs} ms: ${what}`);
}
