import { expect, test } from "vitest";
import { deployment } from "../../../../operator/pipeline/resources/deployment.ts";
import { networkPolicy } from "../../../../operator/pipeline/resources/network-policy.ts";
import { ownerOf } from "../../../../operator/pipeline/resources/owner-reference.ts";
import { podDisruptionBudget } from "../../../../operator/pipeline/resources/pod-disruption-budget.ts";
import { serviceAccount } from "../../../../operator/pipeline/resources/service-account.ts";
import { orders, type OrdersOptions, ordersRevision } from "../orders.ts";

const owner = ownerOf(orders().pipeline);
const deploymentOf = (options: OrdersOptions = {}) =>
  deployment(owner, ordersRevision(options), { replicas: 3, deadlineSeconds: 120 });
const selector = { matchLabels: { "snowline.dev/pipeline": "orders" } };

test.each([deploymentOf(), networkPolicy(owner), podDisruptionBudget(owner), serviceAccount(owner)])(
  "a $kind belongs to its pipeline and is found by its labels",
  ({ metadata }) => {
    expect(metadata).toEqual({
      name: "pipeline-orders",
      namespace: "shop",
      labels: {
        "app.kubernetes.io/name": "snowline-pipeline",
        "app.kubernetes.io/instance": "orders",
        "app.kubernetes.io/managed-by": "snowline",
        "snowline.dev/pipeline": "orders",
      },
      ownerReferences: [
        {
          apiVersion: "snowline.dev/v1alpha1",
          kind: "Pipeline",
          name: "orders",
          uid: "pipeline-uid",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    });
  },
);

test("new pods come beside the old ones, of which none goes before a new one is ready", () => {
  const { spec } = deploymentOf();
  expect(spec).toMatchObject({
    replicas: 3,
    selector,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: "25%" } },
    minReadySeconds: 5,
    progressDeadlineSeconds: 120,
  });
  expect(spec.template.metadata.labels).toMatchObject(selector.matchLabels);
});

test.each<[string, OrdersOptions]>([
  ["reads files", { set: { "spec.source": { files: { paths: ["/in/*"], format: { json: { columns: { a: "DATE" } } } } } } }],
  ["writes into a DuckDB file", { set: { "spec.sink": { duckdb: { path: "/data/a.duckdb", table: "a" } } } }],
])("the old pod goes first where a pipeline %s, which one process may do at a time", (_what, options) => {
  expect(deploymentOf(options).spec.strategy).toEqual({ type: "Recreate" });
});

test("files that are written may have many writers", () => {
  expect(deploymentOf({ set: { "spec.sink": { files: { directory: "/out" } } } }).spec.strategy.type).toBe("RollingUpdate");
});

test("a node is drained one pod at a time, and pods that do not work hold it up never", () => {
  expect(podDisruptionBudget(owner).spec).toEqual({
    maxUnavailable: 1,
    selector,
    unhealthyPodEvictionPolicy: "AlwaysAllow",
  });
});

test("nobody gets to the pods but to what they tell of themselves, and they get everywhere", () => {
  expect(networkPolicy(owner).spec).toEqual({
    podSelector: selector,
    policyTypes: ["Ingress"],
    ingress: [{ ports: [{ protocol: "TCP", port: 9464 }] }],
  });
});

test("the pods' account has no token, and neither have they", () => {
  expect(serviceAccount(owner).automountServiceAccountToken).toBe(false);
  expect(ordersRevision().template.spec).toMatchObject({
    serviceAccountName: "pipeline-orders",
    automountServiceAccountToken: false,
    enableServiceLinks: false,
  });
});
