import { beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../../../../operator/kube/kube-object.ts";
import { revisionConfigMap } from "../../../../operator/pipeline/revision-config-map.ts";
import { type OrdersOptions, ordersRevision } from "../orders.ts";
import { podOf, type RestrictedNamespace, restrictedNamespace } from "./restricted-namespace.ts";

let place: RestrictedNamespace;
beforeAll(async () => {
  place = await restrictedNamespace();
});

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

/** What a write changes, but not a controller's status. */
const versionOf = ({ metadata }: KubeObject): unknown => metadata.generation ?? metadata.resourceVersion;

test.each(cases)(
  "the API server takes what is made for %s as it is, and the same once more is no change",
  async (what, options) => {
    const name = `orders-${cases.findIndex(([other]) => other === what)}`;
    for (const child of await place.children(name, options)) {
      const first = await place.apply(child);
      // All that was wanted is there as it was written, quantities too: what an operator compares is equal.
      expect(first).toMatchObject(child);
      expect(versionOf(await place.apply(child)), `${child.kind} is written once`).toBe(versionOf(first));
    }
  },
  60_000,
);

test.each(cases)("the restricted profile admits a pod of %s", async (_what, options) => {
  const children = await place.children("bare", options);
  await place.apply(children[0]!);
  const created = await place.tryOut<KubeObject>(podOf(children.at(-1)!, "bare"));
  expect(created).toMatchObject({ kind: "Pod", metadata: { name: "bare" } });
});

test("what the restricted profile forbids is what it refuses here", async () => {
  const children = await place.children("bare");
  const pod = podOf(children.at(-1)!, "bare");
  const rooted = { ...pod, spec: { ...pod.spec, securityContext: { ...pod.spec.securityContext, runAsNonRoot: false } } };
  await expect(place.tryOut(rooted)).rejects.toThrow("violates PodSecurity");
});

test("a revision's identity can change, and nothing else of it", async () => {
  const owner = await place.owner("fixed");
  const revision = ordersRevision({ namespace: owner.namespace, metadata: { name: "fixed" } });
  const live = await place.apply(revisionConfigMap(owner, revision));
  const renamed = await place.apply(revisionConfigMap(owner, { ...revision, identity: "2-other" }, live));
  expect(renamed.metadata.annotations).toMatchObject({ "snowline.dev/identity": "2-other" });
  const other = { ...revision, content: { ...revision.content, roll: "again" } };
  await expect(place.apply(revisionConfigMap(owner, other))).rejects.toThrow("immutable");
});
