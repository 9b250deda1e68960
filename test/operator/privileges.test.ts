import { once } from "node:events";
import { createServer } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { podPort } from "../../operator/pipeline/names.ts";
import type { PipelineStatus } from "../../crds/kinds/pipeline-status.ts";
import { chart, helm } from "../charts/helm.ts";
import { kubernetesVersion } from "../cluster/programs.ts";
import { freePorts } from "../kafka/free-port.ts";
import { type GuardedProcess, startGuarded } from "../kafka/guarded-process.ts";
import { loadTold } from "./pipeline/simulated-pods.ts";
import { type AuditedRequest, type AuditedServer, startAuditedServer } from "./audited-server.ts";

const own = "snowline-system";
const account = `system:serviceaccount:${own}:snowline`;
const there = "orders";
const rolesOnly = ["--show-only", "templates/rbac.yaml"];
/** How long a state may take to come, in milliseconds: new pods have to be ready for some seconds, on a busy machine. */
const patienceMs = 90_000;

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** `apps/deployments patch`, and with the name where it is allowed by name. */
const rights = (rules: readonly Rule[]): readonly string[] =>
  rules.flatMap(({ apiGroups, resources, resourceNames = [""], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) => resourceNames.map((name) => `${group}/${resource} ${verb} ${name}`.trim())),
      ),
    ),
  );

/** What the chart's roles allow, as the API server has them. */
async function allowed(server: AuditedServer): Promise<readonly string[]> {
  const rules = async (...args: readonly string[]): Promise<readonly Rule[]> =>
    (JSON.parse(await server.kubectl(["get", ...args, "-o", "json"])) as { rules: readonly Rule[] }).rules;
  const roles = await Promise.all([
    rules("clusterrole", `snowline-pipelines.${own}`),
    rules("clusterrole", `snowline-webhook.${own}`),
    rules("role", "snowline", "-n", own),
  ]);
  return rights(roles.flat());
}

/** Starts the operator as the chart would, with no more rights than the chart gives. */
async function startOperator(server: AuditedServer, webhookPort: number): Promise<GuardedProcess> {
  const deployment = JSON.parse(await server.kubectl(["get", "deployment", "snowline", "-n", own, "-o", "json"])) as {
    spec: { template: { spec: { containers: readonly [{ command: readonly string[]; args: readonly string[] }] } } };
  };
  const [{ command, args }] = deployment.spec.template.spec.containers;
  const names = { "$(POD_NAME)": "operator", "$(POD_NAMESPACE)": own };
  const filled = args.map((arg) => Object.entries(names).reduce((text, [from, to]) => text.replace(from, to), arg));
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${own}`];
  const kubeconfig = await server.kubeconfigFor(account, groups);
  const here = ["--kubeconfig", kubeconfig, "--host=127.0.0.1", "--port=0", `--webhook-port=${webhookPort}`];
  const [, ...words] = command;
  const program = words.map((word) => (word.endsWith(".ts") ? join(chart, "../..", word) : word));
  const operator = startGuarded([process.execPath, ...program, ...filled, ...here], { name: "operator" });
  onTestFinished(() => operator.kill());
  await operator.saw("listening", 60_000);
  return operator;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const since = Date.now(); !(await holds()); await sleep(250))
    if (Date.now() - since > patienceMs) throw new Error(`not within ${patienceMs} ms: ${what}`);
}

/** Answers for pods that have nothing to do, at an address of this machine that nobody else uses. */
async function playPods(): Promise<string> {
  const part = (): number => 1 + Math.floor(Math.random() * 250);
  const address = `127.${part()}.${part()}.${part()}`;
  const source = { arrivalsPerSecond: 0, lagRecords: 0, partitions: 3, carriesPerSecond: 100, loaded: 0 };
  const pods = createServer((_request, response) => response.end(JSON.stringify(loadTold(source, { pods: 1, nowMs: 0 }))));
  // Rejects where the address cannot be had: the operator's bench, if it runs beside, has that port on all of them.
  await once(pods.listen(podPort, address), "listening");
  onTestFinished(() => void pods.close());
  return address;
}

/** Has every pod that is there be ready, at the address where one answers. */
async function playKubelet(server: AuditedServer, podIP: string): Promise<void> {
  const now = new Date().toISOString();
  const status = {
    phase: "Running",
    podIP,
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: now }],
    containerStatuses: [
      { name: "runtime", image: "", imageID: "", ready: true, restartCount: 0, state: { running: { startedAt: now } } },
    ],
  };
  const pods = await server.kubectl([
    "get",
    "pods",
    "-n",
    there,
    "-o",
    "jsonpath={range .items[?(@.status.phase=='Pending')]}{.metadata.name}{' '}{end}",
  ]);
  for (const pod of pods.split(" ").filter((name) => name !== ""))
    await server
      .kubectl(["patch", "pod", pod, "-n", there, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status })])
      .catch(() => ""); // It may have gone meanwhile.
}

const manifest = (sql: string, more: object = {}) => ({
  apiVersion: "snowline.dev/v1alpha1",
  kind: "Pipeline",
  metadata: { name: "orders", namespace: there },
  spec: {
    source: { kafka: { connection: "events", topics: ["orders"], format: { json: { columns: { id: "BIGINT" } } } } },
    transform: { sql },
    sink: { duckdb: { path: "/data/orders.duckdb", table: "orders" } },
    ...more,
  },
});
const connection = (sasl: object) => ({
  apiVersion: "snowline.dev/v1alpha1",
  kind: "Connection",
  metadata: { name: "events", namespace: there },
  spec: { kafka: { brokers: ["127.0.0.1:1"], ...sasl } },
});

/** Asks the webhook itself: in this cluster nobody leads the API server to a Service. False where it has no certificate yet. */
async function asksWebhook(port: number, object: object): Promise<boolean> {
  const kind = { group: "snowline.dev", version: "v1alpha1", kind: "Pipeline" };
  const review = { uid: "1", operation: "CREATE", kind, namespace: there, object };
  const body = JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request: review });
  // What it shows is signed for its Service's name.
  const options = { host: "127.0.0.1", port, path: "/validate", method: "POST", rejectUnauthorized: false };
  return new Promise((resolve) => {
    const asked = request({ ...options, headers: { "content-type": "application/json" } }, (response) =>
      response.resume().on("end", () => resolve(response.statusCode === 200)),
    );
    asked.on("error", () => resolve(false)).end(body);
  });
}

/** A day in the life of a Pipeline, with all that the operator may have to do. */
async function live(server: AuditedServer, webhookPort: number): Promise<void> {
  const apply = (object: object): Promise<string> => server.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });
  const status = async (): Promise<PipelineStatus> =>
    JSON.parse(
      (await server.kubectl(["get", "pipeline", "orders", "-n", there, "-o", "jsonpath={.status}"])) || "{}",
    ) as PipelineStatus;
  const podIP = await playPods();
  const proven = async (before: string | undefined): Promise<boolean> => {
    await playKubelet(server, podIP);
    const { provenRevision, revision } = await status();
    return provenRevision !== undefined && provenRevision !== before && provenRevision === revision;
  };
  let operator = await startOperator(server, webhookPort);
  await until("the webhook has its certificate", async () =>
    (await server.kubectl(["get", "secret", "-n", own, "-o", "name"])).includes("snowline-webhook"),
  );
  // The Connection comes later: the operator waits for it, and the webhook looks for it.
  await apply(manifest("SELECT id FROM source"));
  await until("the webhook answers", () => asksWebhook(webhookPort, manifest("SELECT id FROM source")));
  await apply(connection({}));
  await until("the first revision has proven itself", () => proven(undefined));
  const first = (await status()).provenRevision;
  // Somebody else changes what is the operator's.
  const children = ["deployment", "serviceaccount", "poddisruptionbudget", "networkpolicy"].map(
    (kind) => `${kind}/pipeline-orders`,
  );
  const all = [...children, `configmap/pipeline-orders-${first}`];
  for (const child of all) await server.kubectl(["label", child, "-n", there, "app.kubernetes.io/name=theirs", "--overwrite"]);
  await until("the labels are as they were", async () => {
    const names = await server.kubectl([
      "get",
      ...all,
      "-n",
      there,
      "-o",
      "jsonpath={.items[*].metadata.labels.app\\.kubernetes\\.io/name}",
    ]);
    return !names.includes("theirs");
  });
  // The same trouble twice is one Event that counts; with the second the operator starts again, and finds its certificate spoiled.
  const wrong = async (): Promise<void> => {
    await apply(manifest("SELECT no_such_column FROM source"));
    await until(
      "it is told",
      async () => (await status()).conditions?.some(({ type, status }) => type === "SpecValid" && status === "False") ?? false,
    );
  };
  await wrong();
  await apply(manifest("SELECT id FROM source"));
  await until(
    "it is right again",
    async () => (await status()).conditions?.some(({ type, status }) => type === "SpecValid" && status === "True") ?? false,
  );
  await wrong();
  await until(
    "the Event counts",
    async () =>
      (await server.kubectl(["get", "events.events.k8s.io", "-n", there, "-o", "jsonpath={.items[*].series.count}"])) !== "",
  );
  await server.kubectl([
    "patch",
    "secret",
    "snowline-webhook",
    "-n",
    own,
    "--type=merge",
    "-p",
    JSON.stringify({ data: { "tls.crt": "" } }),
  ]);
  await operator.stop(30_000);
  operator = await startOperator(server, webhookPort);
  await until(
    "the certificate is mended",
    async () =>
      (await server.kubectl(["get", "secret", "snowline-webhook", "-n", own, "-o", "jsonpath={.data.tls\\.crt}"])) !== "",
  );
  await apply(manifest("SELECT id + 1 AS id FROM source"));
  await until("the second revision has proven itself", () => proven(first));
  await until(
    "the first is gone",
    async () => !(await server.kubectl(["get", "configmaps", "-n", there, "-o", "name"])).includes(String(first)),
  );
  // Nothing arrives, so that it sleeps: its source is looked at with what the Connection refers to.
  const second = (await status()).provenRevision;
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "password", namespace: there },
    stringData: { of: "s3cret" },
  };
  await apply(secret);
  await apply(connection({ sasl: { plain: { username: "orders", passwordFrom: { secret: "password", key: "of" } } } }));
  await apply(manifest("SELECT id + 1 AS id FROM source", { scaling: { min: 0, max: 1, scaleDownAfterSeconds: 0 } }));
  await until("the third revision has proven itself", () => proven(second));
  await until("its source was looked at", async () =>
    ((await status()).conditions ?? []).some(({ type, reason }) => type === "Scaling" && reason === "ProbeFailed"),
  );
  await server.kubectl(["delete", "pipeline", "orders", "-n", there, "--timeout=60s"]);
  await operator.stop(30_000);
}

/** Servers of which each needs rights that the other does not: one streams its lists, an older one gives them in pages. */
const servers: readonly (readonly string[])[] = [[], ["--feature-gates=WatchList=false"]];

/** Lives through it with the chart's rights, and answers which of them were used. */
async function used(args: readonly string[]): Promise<readonly string[]> {
  const enforcing = "--enable-admission-plugins=NodeRestriction,OwnerReferencesPermissionEnforcement";
  await using server = await startAuditedServer([enforcing, ...args]);
  await helm(["install", "snowline", chart, "--kubeconfig", server.kubeconfig, "--namespace", own, "--create-namespace"]);
  await server.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
  await server.kubectl(["create", "namespace", there]);
  const [webhookPort] = (await freePorts(1)) as [number];
  await live(server, webhookPort);
  const requests = (await server.requests()).filter(({ user }) => user === account);
  expect(requests.filter(({ isForbidden }) => isForbidden)).toEqual([]);
  const given = await allowed(server);
  return requests.map((request) => rightOf(request, given));
}

/** The right that a request needed: the one by name, if there is one. */
function rightOf({ resource, verb, name }: AuditedRequest, all: readonly string[]): string {
  const byName = `${resource} ${verb} ${name}`.trim();
  return all.includes(byName) ? byName : `${resource} ${verb}`;
}

test("the operator does all its work with the chart's rights, and uses each of them", { timeout: 600_000 }, async () => {
  const uses = new Set<string>();
  for (const args of servers) for (const right of await used(args)) uses.add(right);
  const text = await helm(["template", "snowline", chart, "--namespace", own, "--kube-version", kubernetesVersion, ...rolesOnly]);
  const roles = parseAllDocuments(text).map((document) => document.toJS() as { readonly rules?: readonly Rule[] } | null);
  const given = new Set(roles.flatMap((role) => rights(role?.rules ?? [])));
  // No request: the API server looks for it when something gets an owner.
  uses.add("snowline.dev/pipelines/finalizers update");
  expect([...uses].toSorted()).toEqual([...given].toSorted());
});
