import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { validate } from "../../crds/validate.ts";
import { managedBy, label, podPort } from "../../operator/pipeline/names.ts";
import { readOptions } from "../../operator/options.ts";
import { chart, one, render, type Rendered, title } from "./helm.ts";

const read = (path: string): string => readFileSync(join(chart, path), "utf8");
const release = await render();
const isTest = ({ metadata }: Rendered): boolean => metadata.annotations?.["helm.sh/hook"] === "test";
const clusterWide = (objects: readonly Rendered[]): readonly string[] =>
  objects.filter(({ metadata }) => metadata.namespace === undefined).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
const operatorArgs = (objects: readonly Rendered[]): readonly string[] =>
  one(objects, "Deployment")["spec"].template.spec.containers[0].args as readonly string[];
const argument = (objects: readonly Rendered[], name: string): string | undefined =>
  operatorArgs(objects)
    .find((arg) => arg.startsWith(`--${name}=`))
    ?.slice(name.length + 3);

test("the chart's version and the image's are the project's", () => {
  const { version } = JSON.parse(readFileSync(join(chart, "../../package.json"), "utf8")) as { version: string };
  const about = parse(read("Chart.yaml")) as { version: string; appVersion: string };
  expect([about.version, about.appVersion]).toEqual([version, version]);
});

test("what the chart's page shows as examples is right", () => {
  const { annotations } = parse(read("Chart.yaml")) as { annotations: Record<string, string> };
  const examples = parse(annotations["artifacthub.io/crdsExamples"]!) as readonly unknown[];
  expect(examples.map((example) => validate(example).problems)).toEqual([[], [], []]);
  const listed = (parse(annotations["artifacthub.io/crds"]!) as { name: string }[]).map(({ name }) => name);
  const definitions = release.filter(({ kind }) => kind === "CustomResourceDefinition").map(({ metadata }) => metadata.name);
  expect(listed.toSorted()).toEqual(definitions.toSorted());
});

test("the small pipeline of helm test is right", () => {
  expect(validate(one(release, "Pipeline")).problems).toEqual([]);
});

test("every object has the labels by which a release is found, and those that the user adds", async () => {
  const objects = await render({ values: { commonLabels: { team: "data", "app.kubernetes.io/instance": "mine" } } });
  const expected = { "app.kubernetes.io/name": "snowline", "app.kubernetes.io/instance": "snowline", team: "data" };
  for (const object of objects) expect(object.metadata.labels, title(object)).toMatchObject(expected);
  const pods = one(objects, "Deployment")["spec"].template;
  expect(pods.metadata.labels).toMatchObject(expected);
});

test("no object of helm test is found by the operator's selectors", () => {
  const selectors = [...release.filter(({ kind }) => kind === "Service"), one(release, "PodDisruptionBudget")].map(
    ({ spec }) => (spec.selector.matchLabels ?? spec.selector) as Readonly<Record<string, string>>,
  );
  for (const pod of release.filter(({ kind }) => kind === "Pod"))
    for (const selector of selectors)
      expect(Object.entries(selector).every(([name, value]) => pod.metadata.labels?.[name] === value)).toBe(false);
  const operator = one(release, "Deployment")["spec"].template.metadata.labels;
  for (const selector of selectors) expect(operator).toMatchObject(selector);
});

test("every pod keeps to the restricted profile and writes only into volumes", () => {
  const pods = [
    one(release, "Deployment")["spec"].template.spec,
    ...release.filter(({ kind }) => kind === "Pod").map(({ spec }) => spec),
  ];
  expect(pods).toHaveLength(3);
  for (const { securityContext, containers, enableServiceLinks } of pods) {
    expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } });
    expect(enableServiceLinks).toBe(false);
    for (const container of containers) {
      const wanted = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } };
      expect(container.securityContext).toEqual(wanted);
      expect(container.resources.requests).toBeDefined();
      expect(container.resources.limits.memory).toBeDefined();
    }
  }
});

test("the definitions stay when the release goes, unless told otherwise", async () => {
  const definitions = (objects: readonly Rendered[]) => objects.filter(({ kind }) => kind === "CustomResourceDefinition");
  for (const { metadata } of definitions(release)) expect(metadata.annotations).toEqual({ "helm.sh/resource-policy": "keep" });
  const gone = await render({ values: { crds: { keep: false } } });
  for (const { metadata } of definitions(gone)) expect(metadata.annotations).toBeUndefined();
  expect(definitions(await render({ values: { crds: { enabled: false } } }))).toEqual([]);
});

test("the definitions come out of Helm as the schemas made them", () => {
  const names = ["pipelines", "connections"];
  for (const name of names) {
    const { spec } = one(release, "CustomResourceDefinition", `${name}.snowline.dev`);
    expect(spec).toEqual(
      (parse(readFileSync(join(chart, `../../crds/generated/snowline.dev_${name}.yaml`), "utf8")) as Rendered)["spec"],
    );
  }
});

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const images: readonly [object, string, string][] = [
  [{}, "snowline:0.1.0", "snowline:0.1.0"],
  [
    { image: { registry: "r.example:5000", repository: "team/snowline", tag: "7" } },
    "r.example:5000/team/snowline:7",
    "r.example:5000/team/snowline:7",
  ],
  [{ image: { registry: "r.example", digest } }, `r.example/snowline@${digest}`, `r.example/snowline@${digest}`],
  [
    { image: { registry: "r.example", digest }, runtime: { image: { tag: "6" } } },
    `r.example/snowline@${digest}`,
    "r.example/snowline:6",
  ],
  [{ image: { digest }, runtime: { image: { registry: "m.example" } } }, `snowline@${digest}`, `m.example/snowline@${digest}`],
  [{ runtime: { image: { repository: "runtime", digest } } }, "snowline:0.1.0", `runtime@${digest}`],
];

test.each(images)("with %j the operator's image is %s, the pipelines' %s", async (values, operator, runtime) => {
  const objects = await render({ values });
  expect(one(objects, "Deployment")["spec"].template.spec.containers[0].image).toBe(operator);
  expect(argument(objects, "runtime-image")).toBe(runtime);
  for (const pod of objects.filter(({ kind }) => kind === "Pod")) expect(pod["spec"].containers[0].image).toBe(operator);
});

test("with namespaces in scope nothing is cluster-wide but the webhook, and that not where cert-manager or nobody serves it", async () => {
  const values = { scope: { namespaces: ["team-a", "team-b"] }, crds: { enabled: false } };
  const webhook = "snowline.snowline-system";
  const scoped = await render({ values });
  expect(clusterWide(scoped)).toEqual([
    "ClusterRole snowline-webhook.snowline-system",
    "ClusterRoleBinding snowline-webhook.snowline-system",
    `ValidatingWebhookConfiguration ${webhook}`,
  ]);
  const served = await render({ values: { ...values, webhook: { certManager: { enabled: true } } } });
  expect(clusterWide(served)).toEqual([`ValidatingWebhookConfiguration ${webhook}`]);
  expect(clusterWide(await render({ values: { ...values, webhook: { enabled: false } } }))).toEqual([]);

  expect(argument(scoped, "namespaces")).toBe("team-a,team-b");
  const only = { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: ["team-a", "team-b"] }] };
  expect(one(scoped, "ValidatingWebhookConfiguration")["webhooks"][0].namespaceSelector).toEqual(only);
  const roles = scoped.filter(({ kind, metadata }) => kind === "Role" && metadata.name === "snowline-pipelines.snowline-system");
  expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(["team-a", "team-b"]);
  const everywhere = one(release, "ClusterRole", "snowline-pipelines.snowline-system")["rules"] as unknown;
  for (const role of roles) expect(role["rules"]).toEqual(everywhere);
  expect(one(scoped, "Pipeline").metadata.namespace).toBe("team-a");
});

test("installs of one name in two namespaces have no object in common", async () => {
  const values = (namespace: string) => ({ crds: { enabled: false }, scope: { namespaces: [namespace] } });
  const first = new Set((await render({ namespace: "team-a", values: values("team-a") })).map(title));
  const second = (await render({ namespace: "team-b", values: values("team-b") })).map(title);
  expect(second.filter((object) => first.has(object))).toEqual([]);
});

test("installs of two names in one namespace have no object in common, and no lease", async () => {
  const values = { crds: { enabled: false } };
  const red = await render({ name: "red", values });
  const blue = await render({ name: "blue", values });
  const titles = new Set(red.map(title));
  expect(blue.map(title).filter((object) => titles.has(object))).toEqual([]);
  expect([argument(red, "lease-name"), argument(blue, "lease-name")]).toEqual(["red-snowline", "blue-snowline"]);
  expect(one(red, "Deployment")["spec"].selector).not.toEqual(one(blue, "Deployment")["spec"].selector);
});

test("a long name of a release still makes names that a Service may have", async () => {
  const objects = await render({ name: "a-very-long-release-name-that-goes-on-and-on-up-to-53" });
  for (const { kind, metadata } of objects)
    if (["Service", "Pod", "Pipeline"].includes(kind)) expect(metadata.name.length, metadata.name).toBeLessThanOrEqual(63);
});

test("the roles name what they allow: no wildcard, and without scaling to zero no secret's content but the webhook's", async () => {
  const values = { autoscaling: { scaleToZero: { enabled: false } } };
  const objects = await render({ values });
  const rules = objects
    .filter(({ kind }) => kind === "ClusterRole" || kind === "Role")
    .flatMap(({ rules }) => rules as { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] }[]);
  expect(rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs])).not.toContain("*");
  const secrets = rules.filter(({ resources }) => resources.includes("secrets"));
  for (const { verbs, resourceNames } of secrets) if (verbs.includes("get")) expect(resourceNames).toEqual(["snowline-webhook"]);
  expect(one(objects, "Deployment")["spec"].template.spec.containers[0].args).toContain("--scale-to-zero=false");
});

test("who may edit a namespace may write pipelines, and only its admin connections", () => {
  const reached = (role: "view" | "edit" | "admin", resource: string): readonly string[] =>
    release
      .filter(({ metadata }) => metadata.labels?.[`rbac.authorization.k8s.io/aggregate-to-${role}`] === "true")
      .flatMap(({ rules }) => rules as { resources: string[]; verbs: string[] }[])
      .filter(({ resources }) => resources.includes(resource))
      .flatMap(({ verbs }) => verbs);
  const reads = ["get", "list", "watch"];
  const writes = ["create", "update", "patch", "delete", "deletecollection"];
  expect([reached("view", "pipelines"), reached("view", "connections")]).toEqual([reads, reads]);
  expect([reached("edit", "pipelines"), reached("edit", "connections")]).toEqual([[...reads, ...writes], reads]);
  expect([reached("admin", "pipelines"), reached("admin", "connections")]).toEqual([
    [...reads, ...writes],
    [...reads, ...writes],
  ]);
  expect(reached("edit", "pipelines/scale")).toEqual([...reads, "update", "patch"]);
});

test("the webhook is asked about our kinds only, and a dead operator blocks nothing", () => {
  const [webhook] = one(release, "ValidatingWebhookConfiguration")["webhooks"];
  expect(webhook.rules).toEqual([
    {
      apiGroups: ["snowline.dev"],
      apiVersions: ["v1alpha1"],
      resources: ["pipelines", "connections"],
      operations: ["CREATE", "UPDATE"],
      scope: "Namespaced",
    },
  ]);
  expect([webhook.failurePolicy, webhook.sideEffects]).toEqual(["Ignore", "None"]);
  expect(webhook.clientConfig.caBundle).toBeUndefined();
  const service = one(release, "Service", webhook.clientConfig.service.name);
  expect(argument(release, "webhook-service")).toBe(service.metadata.name);
  expect(argument(release, "webhook-configuration")).toBe(one(release, "ValidatingWebhookConfiguration").metadata.name);
});

test("without the webhook there is nothing of it", async () => {
  const objects = await render({ values: { webhook: { enabled: false } } });
  expect(operatorArgs(objects).filter((arg) => arg.includes("webhook"))).toEqual(["--webhook-port=0"]);
  expect(objects.map(title).filter((name) => /webhook/i.test(name))).toEqual([]);
  expect(one(objects, "Pod", "snowline-test-startup")["spec"].containers[0].args).not.toContain("--webhook");
});

test("cert-manager's certificate is the Service's, is mounted and gets into the webhook's configuration", async () => {
  const objects = await render({ values: { webhook: { certManager: { enabled: true } } } });
  const certificate = one(objects, "Certificate", "snowline-webhook");
  const { name, namespace } = one(objects, "Service", "snowline-webhook").metadata;
  expect(certificate["spec"].dnsNames).toContain(`${name}.${namespace}.svc`);
  expect(one(objects, "ValidatingWebhookConfiguration").metadata.annotations).toEqual({
    "cert-manager.io/inject-ca-from": `${namespace}/${certificate.metadata.name}`,
  });
  const pod = one(objects, "Deployment")["spec"].template.spec;
  const volume = pod.volumes.find(({ secret }: { secret?: { secretName: string } }) => secret !== undefined);
  expect(volume.secret.secretName).toBe(certificate["spec"].secretName);
  const mount = pod.containers[0].volumeMounts.find((mount: { name: string }) => mount.name === volume.name);
  expect(argument(objects, "webhook-certificates")).toBe(mount.mountPath);
  const issuers = objects.filter(({ kind }) => kind === "Issuer").map(({ metadata }) => metadata.name);
  expect(issuers).toContain(certificate["spec"].issuerRef.name);

  const issuerRef = { name: "company", kind: "ClusterIssuer", group: "cert-manager.io" };
  const theirs = await render({ values: { webhook: { certManager: { enabled: true, issuerRef } } } });
  expect(theirs.filter(({ kind }) => kind === "Issuer")).toEqual([]);
  expect(one(theirs, "Certificate")["spec"].issuerRef).toEqual(issuerRef);
});

test("the monitors find the operator's Service and the pipelines' pods", async () => {
  const monitor = { enabled: true, labels: { release: "prometheus" } };
  const objects = await render({ values: { metrics: { serviceMonitor: monitor, podMonitor: monitor } } });
  const service = one(objects, "ServiceMonitor");
  expect(service.metadata.labels).toMatchObject({ release: "prometheus" });
  const found = objects.filter(
    ({ kind, metadata }) =>
      kind === "Service" &&
      Object.entries(service["spec"].selector.matchLabels).every(([name, value]) => metadata.labels?.[name] === value),
  );
  expect(found.map(({ metadata }) => metadata.name)).toEqual(["snowline-metrics"]);
  expect(found[0]?.["spec"].ports[0].name).toBe(service["spec"].endpoints[0].port);
  const pods = one(objects, "PodMonitor")["spec"];
  expect(pods.selector).toEqual({
    matchLabels: { [label.managedBy]: managedBy },
    matchExpressions: [{ key: label.pipeline, operator: "Exists" }],
  });
  const relabelled = label.pipeline.replaceAll(/[^a-zA-Z0-9_]/g, "_");
  expect(pods.podMetricsEndpoints[0].relabelings[0].sourceLabels).toEqual([`__meta_kubernetes_pod_label_${relabelled}`]);
});

test("the network policy lets the operator reach the pipelines' pods at their port", async () => {
  const objects = await render({ values: { networkPolicy: { enabled: true } } });
  const { egress, ingress } = one(objects, "NetworkPolicy")["spec"];
  const toPods = egress.find(({ to }: { to?: unknown }) => to !== undefined);
  expect(toPods.ports).toEqual([{ port: podPort, protocol: "TCP" }]);
  expect(toPods.to[0].podSelector.matchLabels).toEqual({ [label.managedBy]: managedBy });
  expect(egress.flatMap(({ ports }: { ports: { port: number }[] }) => ports.map(({ port }) => port))).toContain(9092);
  expect(ingress.map(({ ports }: { ports: { port: string }[] }) => ports[0]?.port)).toEqual(["webhook", "metrics"]);
  expect(release.filter(({ kind }) => kind === "NetworkPolicy")).toEqual([]);
});

test("one replica needs no budget; without leader election an upgrade ends the old one first", async () => {
  const objects = await render({ values: { replicas: 1, leaderElection: { enabled: false } } });
  expect(objects.filter(({ kind }) => kind === "PodDisruptionBudget")).toEqual([]);
  expect(one(objects, "Deployment")["spec"].strategy).toEqual({ type: "Recreate" });
  expect(JSON.stringify(one(objects, "Role", "snowline")["rules"])).not.toContain("leases");
});

test("what the user says about the pods gets onto them", async () => {
  const pods = {
    podLabels: { zone: "a" },
    podAnnotations: { note: "b" },
    priorityClassName: "important",
    nodeSelector: { disk: "ssd" },
    tolerations: [{ key: "dedicated", operator: "Exists" }],
    affinity: { nodeAffinity: {} },
    topologySpreadConstraints: [{ maxSkew: 2, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" }],
    imagePullSecrets: [{ name: "registry" }],
    resources: { limits: { memory: "2Gi" } },
    extraArgs: ["--workers=24"],
    extraEnv: [{ name: "HTTPS_PROXY", value: "http://proxy:3128" }],
    extraVolumes: [{ name: "ca", configMap: { name: "ca" } }],
    extraVolumeMounts: [{ name: "ca", mountPath: "/ca" }],
    gracePeriodSeconds: 40,
  };
  const { metadata, spec } = one(await render({ values: pods }), "Deployment")["spec"].template;
  expect(metadata.labels).toMatchObject(pods.podLabels);
  expect(metadata.annotations).toMatchObject(pods.podAnnotations);
  const { priorityClassName, nodeSelector, tolerations, affinity, topologySpreadConstraints, imagePullSecrets } = pods;
  expect(spec).toMatchObject({
    priorityClassName,
    nodeSelector,
    tolerations,
    affinity,
    topologySpreadConstraints,
    imagePullSecrets,
  });
  expect(spec.terminationGracePeriodSeconds).toBe(45);
  expect(spec.volumes).toContainEqual(pods.extraVolumes[0]);
  const [container] = spec.containers;
  expect(container.resources.limits.memory).toBe("2Gi");
  expect(container.args.at(-1)).toBe("--workers=24");
  expect(container.env).toContainEqual(pods.extraEnv[0]);
  expect(container.volumeMounts).toContainEqual(pods.extraVolumeMounts[0]);
});

test("further objects may be YAML or text, with templates in them", async () => {
  const extraObjects = [
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "{{ .Release.Name }}-object" } },
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ include "snowline.fullname" . }}-text\n',
  ];
  const objects = await render({ values: { extraObjects, tests: { enabled: false } } });
  expect(objects.filter(({ kind }) => kind === "ConfigMap").map(({ metadata }) => metadata.name)).toEqual([
    "snowline-object",
    "snowline-text",
  ]);
  expect(objects.filter(isTest)).toEqual([]);
});

const secretCertificates = {
  secret: "snowline-webhook",
  service: "snowline-webhook",
  configuration: "snowline.snowline-system",
};
const told: readonly [object, object][] = [
  [
    {},
    {
      kubeconfig: null,
      namespaces: null,
      leaderElect: true,
      leaseName: "snowline",
      runtimeImage: "snowline:0.1.0",
      runtimeImagePullPolicy: "IfNotPresent",
      runtimeImagePullSecrets: [],
      rolloutDeadlineSeconds: 600,
      workers: 16,
      port: 8080,
      webhook: { port: 9443, certificates: secretCertificates },
      logLevel: "info",
      graceSeconds: 25,
    },
  ],
  [
    {
      replicas: 1,
      leaderElection: { enabled: false },
      scope: { namespaces: ["a", "b"] },
      runtime: { image: { pullPolicy: "Always" }, imagePullSecrets: ["one", "two"], rolloutDeadlineSeconds: 90 },
      workers: 2,
      logLevel: "debug",
      gracePeriodSeconds: 7,
      metrics: { port: 9090 },
      webhook: { enabled: false },
    },
    {
      namespaces: ["a", "b"],
      leaderElect: false,
      runtimeImagePullPolicy: "Always",
      runtimeImagePullSecrets: ["one", "two"],
      rolloutDeadlineSeconds: 90,
      workers: 2,
      port: 9090,
      webhook: null,
      logLevel: "debug",
      graceSeconds: 7,
    },
  ],
  [
    { webhook: { port: 8443, certManager: { enabled: true } } },
    { webhook: { port: 8443, certificates: { directory: "/etc/snowline/webhook" } } },
  ],
];

test.each(told)("with %j the operator understands what it is told", async (values, options) => {
  expect(readOptions(operatorArgs(await render({ values })))).toMatchObject(options);
});
