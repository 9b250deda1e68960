import { beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../../../../operator/kube/kube-object.ts";
import { revisionConfigMap } from "../../../../operator/pipeline/revision-config-map.ts";
import { nanosOf } from "../../../../operator/kube/quantity.ts";
import { canonicalQuantity } from "../../../../operator/pipeline/resources/canonical-quantity.ts";
import { deployment } from "../../../../operator/pipeline/resources/deployment.ts";
import { networkPolicy } from "../../../../operator/pipeline/resources/network-policy.ts";
import { ownerOf } from "../../../../operator/pipeline/resources/owner-reference.ts";
import { podDisruptionBudget } from "../../../../operator/pipeline/resources/pod-disruption-budget.ts";
import { serviceAccount } from "../../../../operator/pipeline/resources/service-account.ts";
import type { ApiAccess } from "../../../cluster/api-access.ts";
import { sharedApiServer } from "../../../cluster/shared-api-server.ts";
import { uniqueName } from "../../../kafka/unique-name.ts";
import { orders, type OrdersOptions, ordersRevision } from "../orders.ts";

const namespace = uniqueName("accepted").toLowerCase();
let api: ApiAccess;

beforeAll(async () => {
  api = await sharedApiServer();
  await api.kubectl(["create", "namespace", namespace]);
  await api.kubectl(["label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted"]);
});

/** Applies as the operator does, and answers what the API server has then. */
async function apply(object: object, ...more: readonly string[]): Promise<KubeObject> {
  const args = ["apply", "--server-side", "--force-conflicts", "--field-manager=snowline-operator", "-o", "json", "-f", "-"];
  return JSON.parse(await api.kubectl([...args, ...more], { input: JSON.stringify(object) })) as KubeObject;
}

/** All that a pipeline has, in the order of their making. */
function childrenOf(options: OrdersOptions, name: string): readonly KubeObject[] {
  const given = { ...options, namespace, metadata: { name, uid: crypto.randomUUID(), ...options.metadata } };
  const owner = ownerOf(orders(given).pipeline);
  const revision = ordersRevision(given);
  return [
    serviceAccount(owner),
    revisionConfigMap(owner, revision),
    podDisruptionBudget(owner),
    networkPolicy(owner),
    deployment(owner, revision, { replicas: 0, deadlineSeconds: 600 }),
  ];
}

/** What a write changes, but not a controller's status. */
const versionOf = ({ metadata }: KubeObject): unknown => metadata.generation ?? metadata.resourceVersion;

/** The template of a Deployment as a pod of its own. */
function podOf(deployment: KubeObject, name: string): object {
  const { template } = (deployment as unknown as { spec: { template: { metadata: object; spec: object } } }).spec;
  return { apiVersion: "v1", kind: "Pod", ...template, metadata: { ...template.metadata, name, namespace } };
}

const overrides = {
  resources: {
    requests: { cpu: "0.5", memory: "1.5Gi" },
    limits: { memory: "2048Mi", cpu: "1000m", "ephemeral-storage": "1e3" },
  },
  scratchBytes: "0.5Gi",
  labels: { team: "sales" },
  annotations: { "example.com/note": "x" },
  imagePullSecrets: ["pull"],
  nodeSelector: { disk: "fast" },
  priorityClassName: "system-node-critical",
  tolerations: [{ key: "dedicated", operator: "Exists", effect: "NoSchedule" }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "Exists" }] }],
      },
    },
  },
  topologySpreadConstraints: [
    { maxSkew: 2, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: { a: "b" } } },
  ],
  env: [{ name: "NODE_OPTIONS", value: "--trace-warnings" }],
  volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
  volumeMounts: [{ name: "data", mountPath: "/data", subPath: "in" }],
  terminationGracePeriodSeconds: 300,
};
const workloadIdentity = { "spec.snowflake.user": undefined, "spec.snowflake.auth": { workloadIdentity: {} } };
const cases: readonly [string, OrdersOptions][] = [
  ["a pipeline with secrets", {}],
  ["every override", { set: { "spec.pod": overrides } }],
  ["a token for Snowflake", { warehouse: workloadIdentity }],
  ["one process only", { set: { "spec.sink": { duckdb: { path: "/data/a.duckdb", table: "a" } } } }],
];

test.each(cases)(
  "the API server takes what is made for %s as it is, and the same once more is no change",
  async (what, options) => {
    const name = `orders-${cases.findIndex(([other]) => other === what)}`;
    for (const child of childrenOf(options, name)) {
      const first = await apply(child);
      // All that was wanted is there as it was written, quantities too: what an operator compares is equal.
      expect(first).toMatchObject(child);
      expect(versionOf(await apply(child)), `${child.kind} is written once`).toBe(versionOf(first));
    }
  },
);

test.each(cases)("the restricted profile admits a pod of %s", async (_what, options) => {
  const children = childrenOf(options, "orders-bare");
  await apply(children[0]!);
  const [pod] = [podOf(children.at(-1)!, "bare")];
  const created = await api.kubectl(["create", "--dry-run=server", "-o", "name", "-f", "-"], { input: JSON.stringify(pod) });
  expect(created.trim()).toBe("pod/bare");
});

test("what the restricted profile forbids is what it refuses here", async () => {
  const pod = podOf(childrenOf({}, "orders-bare").at(-1)!, "bare") as { spec: { securityContext: object } };
  const rooted = { ...pod, spec: { ...pod.spec, securityContext: { ...pod.spec.securityContext, runAsNonRoot: false } } };
  await expect(api.kubectl(["create", "--dry-run=server", "-f", "-"], { input: JSON.stringify(rooted) })).rejects.toThrow(
    "violates PodSecurity",
  );
});

test("a revision's identity can change, and nothing else of it", async () => {
  const given = { namespace, metadata: { name: "fixed", uid: crypto.randomUUID() } };
  const owner = ownerOf(orders(given).pipeline);
  const revision = ordersRevision(given);
  const live = await apply(revisionConfigMap(owner, revision));
  const renamed = await apply(revisionConfigMap(owner, { ...revision, identity: "2-other" }, live));
  expect(renamed.metadata.annotations).toMatchObject({ "snowline.dev/identity": "2-other" });
  const other = { ...revision, content: { ...revision.content, roll: "again" } };
  await expect(apply(revisionConfigMap(owner, other))).rejects.toThrow("immutable");
});

const quantities = [
  ..."0 1 2 10 100 1000 1024 1500 1000000 0.5 .5 5. 1.5 0.1 0.001 0.0001 100m 1000m 1500m 1e3 1e4 1E6 5e-3 12e0".split(" "),
  ..."1k 1000k 1.5k 128M 1G 1Ki 1024Ki 1536Ki 0.5Ki 0.9765625Ki 0.5Gi 1.5Gi 1000Mi 1024Mi 2048Mi 1025Ki 1Ti 1Pi 100u 1n 999999999n 1000000000n 007".split(
    " ",
  ),
];
test("a quantity is written so that the API server prints it the same, and is as much as before", async () => {
  const canonical = quantities.map((quantity) => canonicalQuantity(quantity));
  const volumes = [...canonical, ...quantities].map((sizeLimit, index) => ({ name: `v${index}`, emptyDir: { sizeLimit } }));
  const pod = podOf(childrenOf({}, "orders-bare").at(-1)!, "quantities") as { spec: { volumes: object[] } };
  const object = { ...pod, spec: { ...pod.spec, volumes: [...pod.spec.volumes, ...volumes] } };
  await apply(childrenOf({}, "orders-bare")[0]!);
  const args = ["create", "--dry-run=server", "-o", "json", "-f", "-"];
  const created = JSON.parse(await api.kubectl(args, { input: JSON.stringify(object) })) as {
    spec: { volumes: { name: string; emptyDir?: { sizeLimit: string } }[] };
  };
  const printed = volumes.map(({ name }) => created.spec.volumes.find((other) => other.name === name)!.emptyDir!.sizeLimit);
  expect(printed.slice(0, quantities.length)).toEqual(canonical);
  expect(printed.slice(quantities.length).map(nanosOf)).toEqual(canonical.map((quantity) => nanosOf(quantity!)));
});
