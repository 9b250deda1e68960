import { expect, onTestFinished, test, vi } from "vitest";
import { stringify } from "yaml";
import { type ApiServer, startApiServer } from "../cluster/api-server.ts";
import { sharedApiServer } from "../cluster/shared-api-server.ts";
import { uniqueName } from "../kafka/unique-name.ts";
import { chart, helm, render, type Rendered } from "./helm.ts";

// Each starts a server of its own and runs Helm some times.
vi.setConfig({ testTimeout: 120_000 });

const caBundle = Buffer.from("not a certificate, but kept").toString("base64");
const restricted = "pod-security.kubernetes.io/enforce=restricted";
const configuration = "validatingwebhookconfiguration/snowline.snowline-system";
const pipeline = {
  apiVersion: "snowline.dev/v1alpha1",
  kind: "Pipeline",
  metadata: { name: "orders" },
  spec: {
    source: { files: { paths: ["/data/*.csv"], format: { csv: { columns: { id: "BIGINT" } } } } },
    sink: { files: { directory: "/data/rows" } },
  },
};

/** A server of one's own: releases and definitions are the whole cluster's. */
async function ownServer(): Promise<ApiServer> {
  const server = await startApiServer({ controllers: true });
  onTestFinished(() => server.stop());
  return server;
}

const as = (server: { kubeconfig: string }, namespace = "snowline-system") => [
  "--kubeconfig",
  server.kubeconfig,
  "--namespace",
  namespace,
];
const text = (objects: readonly object[]): string => objects.map((object) => stringify(object)).join("---\n");

/** What the operator does when it has made its certificates. */
const patchBundle = (server: ApiServer) =>
  server.kubectl([
    "patch",
    configuration,
    "--type=json",
    `-p=[{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"${caBundle}"}]`,
  ]);
const bundle = (server: ApiServer) =>
  server.kubectl(["get", configuration, "-o", "jsonpath={.webhooks[0].clientConfig.caBundle}"]);

/** With what is off otherwise and needs no definitions of others. */
const everything = {
  crds: { enabled: true },
  networkPolicy: { enabled: true },
  commonLabels: { team: "data" },
};

const scopes: readonly [string, readonly string[]][] = [
  ["all namespaces", []],
  ["two namespaces", ["a", "b"]],
];

test.each(scopes)(
  "the API server takes every object as it is, in a restricted namespace, with %s in scope",
  async (_which, namespaces) => {
    const server = await sharedApiServer();
    const namespace = uniqueName("chart");
    const scope = namespaces.map((name) => `${namespace}-${name}`);
    for (const name of [namespace, ...scope]) await server.kubectl(["create", "namespace", name]);
    await server.kubectl(["label", "namespace", namespace, restricted]);
    const objects = await render({ name: namespace, namespace, values: { ...everything, scope: { namespaces: scope } } });
    // A pod is admitted only where its account is there.
    const accounts = objects.filter(({ kind }) => kind === "ServiceAccount");
    await server.kubectl(["apply", "-f", "-"], { input: text(accounts) });
    const said = await server.kubectl(
      ["apply", "--dry-run=server", "--server-side", "--field-manager=test", "--validate=strict", "-f", "-"],
      {
        input: text(objects.filter(({ kind }) => kind !== "CustomResourceDefinition")),
      },
    );
    const lines = said.trim().split("\n");
    expect(lines).toHaveLength(objects.length - 2);
    expect(lines.filter((line) => !line.endsWith("serverside-applied (server dry run)"))).toEqual([]);
    await server.kubectl(["delete", "namespace", namespace, ...scope, "--wait=false"]);
  },
);

test("upgrades and rollbacks leave the webhook's caBundle; what the user made outlives the release", async () => {
  const server = await ownServer();
  const notes = await helm(["install", "snowline", chart, ...as(server), "--create-namespace"]);
  expect(notes).toContain("kubectl -n snowline-system rollout status deployment/snowline");
  expect(notes).toContain("helm test snowline -n snowline-system");
  await server.kubectl(["wait", "--for=condition=Established", "crd/pipelines.snowline.dev", "--timeout=30s"]);
  await server.kubectl(["apply", "-f", "-"], { input: stringify(pipeline) });
  await patchBundle(server);

  await helm(["upgrade", "snowline", chart, ...as(server)], { webhook: { timeoutSeconds: 5 }, image: { tag: "0.2.0" } });
  const timeout = ["get", configuration, "-o", "jsonpath={.webhooks[0].timeoutSeconds}"];
  expect([await server.kubectl(timeout), await bundle(server)]).toEqual(["5", caBundle]);
  await helm(["rollback", "snowline", "1", ...as(server)]);
  expect([await server.kubectl(timeout), await bundle(server)]).toEqual(["10", caBundle]);

  await helm(["uninstall", "snowline", ...as(server)]);
  expect(await server.kubectl(["get", "pipelines", "-o", "name"])).toBe("pipeline.snowline.dev/orders\n");
  const ending = ["get", "crd/pipelines.snowline.dev", "-o", "jsonpath={.metadata.deletionTimestamp}"];
  expect(await server.kubectl(ending)).toBe("");
  expect(
    await server.kubectl([
      "get",
      "deployments,services,roles,clusterroles,validatingwebhookconfigurations",
      "-A",
      "-l",
      "app.kubernetes.io/part-of=snowline",
      "-o",
      "name",
    ]),
  ).toBe("");
  // And it can be had again: the definitions that stayed are taken over.
  await helm(["install", "snowline", chart, ...as(server)]);
});

test("installs for different teams stand side by side, and each reaches only its own", async () => {
  const server = await ownServer();
  for (const team of ["red", "blue"]) {
    const values = { crds: { enabled: team === "red" }, scope: { namespaces: [`${team}-data`] } };
    await server.kubectl(["create", "namespace", `${team}-data`]);
    await helm(["install", "snowline", chart, ...as(server, `${team}-system`), "--create-namespace"], values);
  }
  const may = (verb: string, what: string, namespace: string): Promise<string> =>
    server
      .kubectl(["auth", "can-i", verb, what, "--namespace", namespace, "--as=system:serviceaccount:red-system:snowline"])
      .then((said) => said.trim())
      .catch(() => "no");
  const asked = [
    ["list", "secrets", "red-data"],
    ["create", "deployments.apps", "red-data"],
    ["get", "secrets/snowline-webhook", "red-system"],
    ["list", "secrets", "red-system"],
    ["list", "secrets", "blue-data"],
    ["get", "secrets/snowline-webhook", "blue-system"],
    ["patch", "validatingwebhookconfigurations/snowline.red-system", "default"],
    ["patch", "validatingwebhookconfigurations/snowline.blue-system", "default"],
    ["list", "namespaces", "default"],
  ] as const;
  const answers = await Promise.all(asked.map(([verb, what, namespace]) => may(verb, what, namespace)));
  expect(asked.map((question, at) => `${question.join(" ")}: ${answers[at]}`)).toEqual([
    "list secrets red-data: yes",
    "create deployments.apps red-data: yes",
    "get secrets/snowline-webhook red-system: yes",
    "list secrets red-system: no",
    "list secrets blue-data: no",
    "get secrets/snowline-webhook blue-system: no",
    "patch validatingwebhookconfigurations/snowline.red-system default: yes",
    "patch validatingwebhookconfigurations/snowline.blue-system default: no",
    "list namespaces default: no",
  ]);
});

test("the plain manifests are applied, and applying them again changes nothing and leaves the caBundle", async () => {
  const server = await ownServer();
  const manifests = `${chart}/../manifests`;
  await server.kubectl(["apply", "--server-side", "-k", manifests]);
  await patchBundle(server);
  const before = await versions(server);
  await server.kubectl(["apply", "--server-side", "-k", manifests]);
  expect(await versions(server)).toEqual(before);
  expect(await bundle(server)).toBe(caBundle);
});

async function versions(server: ApiServer): Promise<readonly string[]> {
  const kinds = "clusterroles,roles,services,serviceaccounts,poddisruptionbudgets,validatingwebhookconfigurations";
  const found = await server.kubectl(["get", kinds, "-A", "-l", "app.kubernetes.io/part-of=snowline", "-o", "json"]);
  const { items } = JSON.parse(found) as { items: readonly (Rendered & { metadata: { resourceVersion: string } })[] };
  expect(items.length).toBeGreaterThan(8);
  return items.map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`);
}
