import { expect, test } from "vitest";
import { revisionOf } from "../../../../operator/pipeline/revision.ts";
import { orders, type OrdersOptions, ordersRevision, settings, texts } from "../orders.ts";

/** A pod's spec, as far as these tests read it. */
interface PodSpec {
  readonly serviceAccountName: string;
  readonly terminationGracePeriodSeconds: number;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly topologySpreadConstraints: readonly object[];
  readonly volumes: readonly { readonly name: string; readonly [source: string]: unknown }[];
  readonly containers: readonly [
    {
      readonly image: string;
      readonly args: readonly string[];
      readonly env: readonly { readonly name: string; readonly value: string }[];
      readonly resources: Readonly<Record<"requests" | "limits", Readonly<Record<string, string>>>>;
      readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
    },
  ];
}

const podOf = (options: OrdersOptions = {}): PodSpec => ordersRevision(options).template.spec as unknown as PodSpec;
const withPod = (pod: object): OrdersOptions => ({ set: { "spec.pod": pod } });
const memory = (pod: object) => {
  const { containers, volumes } = podOf(withPod(pod));
  return { ...containers[0].resources, scratch: volumes.find(({ name }) => name === "snowline-scratch")?.["emptyDir"] };
};
const scratch = (sizeLimit: string) => ({ medium: "Memory", sizeLimit });

test("a pod mounts its revision, the keys it reads and nothing else of Secrets, and a directory to write to", () => {
  const { hash, template } = ordersRevision();
  const { volumes, containers } = template.spec as unknown as PodSpec;
  const shared = { defaultMode: 288, optional: true };
  expect(volumes).toEqual([
    {
      name: "snowline-pipeline",
      configMap: {
        name: `pipeline-orders-${hash}`,
        items: [{ key: "pipeline.json", path: "pipeline.json" }],
        defaultMode: 288,
      },
    },
    { name: "snowline-reference-0", configMap: { name: "kafka-ca", items: [{ key: "ca.crt", path: "ca.crt" }], ...shared } },
    {
      name: "snowline-reference-1",
      secret: { secretName: "snowflake-key", items: [{ key: "rsa_key.p8", path: "rsa_key.p8" }], ...shared },
    },
    {
      name: "snowline-reference-2",
      secret: {
        secretName: "user",
        items: [
          { key: "name", path: "name" },
          { key: "password", path: "password" },
        ],
        ...shared,
      },
    },
    { name: "snowline-scratch", emptyDir: { medium: "Memory", sizeLimit: "512Mi" } },
  ]);
  expect(containers[0].volumeMounts.map(({ mountPath }) => mountPath)).toEqual([
    "/etc/snowline/pipeline",
    "/etc/snowline/config-maps/kafka-ca",
    "/etc/snowline/secrets/snowflake-key",
    "/etc/snowline/secrets/user",
    "/scratch",
  ]);
  expect(containers[0].env).toEqual([
    { name: "HOME", value: "/scratch" },
    { name: "TMPDIR", value: "/scratch" },
  ]);
});

test("the runtime gives up five seconds before the pod is killed", () => {
  expect(podOf().containers[0].args.join(" ")).toBe(
    "--pipeline /etc/snowline/pipeline/pipeline.json --secrets /etc/snowline/secrets --config-maps /etc/snowline/config-maps --scratch /scratch --port 9464 --grace-seconds 55 --termination-log /dev/termination-log",
  );
  const patient = podOf(withPod({ terminationGracePeriodSeconds: 300 }));
  expect(patient.terminationGracePeriodSeconds).toBe(300);
  expect(patient.containers[0].args.join(" ")).toContain("--grace-seconds 295");
});

test.each([
  {
    what: "nothing",
    pod: {},
    is: { requests: { cpu: "250m", memory: "1Gi" }, limits: { memory: "1Gi" }, scratch: scratch("512Mi") },
  },
  {
    what: "a small limit",
    pod: { resources: { limits: { memory: "512Mi", cpu: "0.1" } } },
    is: {
      requests: { cpu: "100m", memory: "512Mi" },
      limits: { cpu: "100m", memory: "512Mi" },
      scratch: scratch("256Mi"),
    },
  },
  {
    what: "a large request",
    pod: { resources: { requests: { memory: "4096Mi", cpu: 2 } } },
    is: { requests: { cpu: "2", memory: "4Gi" }, limits: { memory: "4Gi" }, scratch: scratch("512Mi") },
  },
  {
    what: "its own scratch and another resource",
    pod: { scratchBytes: 1_073_741_824, resources: { limits: { "example.com/gpu": 1 } } },
    is: {
      requests: { cpu: "250m", memory: "1Gi" },
      limits: { memory: "1Gi", "example.com/gpu": "1" },
      scratch: scratch("1073741824"),
    },
  },
])("an owner who says $what of resources gets what fits together", ({ pod, is }) => {
  expect(memory(pod)).toEqual(is);
});

test("a token for Snowflake is projected where the Connection wants it", () => {
  const auth = { workloadIdentity: {} };
  const options: OrdersOptions = { warehouse: { "spec.snowflake.user": undefined, "spec.snowflake.auth": auth } };
  const { volumes, containers } = podOf(options);
  expect(volumes.find(({ name }) => name === "snowline-token-0")?.["projected"]).toEqual({
    sources: [{ serviceAccountToken: { audience: "snowflakecomputing.com", expirationSeconds: 3600, path: "token" } }],
    defaultMode: 288,
  });
  expect(containers[0].volumeMounts).toContainEqual({
    name: "snowline-token-0",
    mountPath: "/var/run/secrets/snowflake",
    readOnly: true,
  });
});

test("a token that lies in a volume of the owner's is the owner's", () => {
  const pod = {
    volumes: [{ name: "tokens", emptyDir: {} }],
    volumeMounts: [{ name: "tokens", mountPath: "/var/run/secrets/snowflake" }],
  };
  const warehouse = { "spec.snowflake.user": undefined, "spec.snowflake.auth": { workloadIdentity: {} } };
  const { volumes } = podOf({ ...withPod(pod), warehouse });
  expect(volumes.map(({ name }) => name)).not.toContain("snowline-token-0");
});

test("every change an owner may make gets into the pods", () => {
  const { template } = ordersRevision(
    withPod({
      image: "registry.example/own:1",
      labels: { team: "sales" },
      annotations: { "example.com/note": "x" },
      serviceAccountName: "loader",
      imagePullSecrets: ["pull"],
      nodeSelector: { disk: "fast" },
      priorityClassName: "high",
      runtimeClassName: "gvisor",
      tolerations: [{ operator: "Exists" }],
      affinity: { podAntiAffinity: {} },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" }],
      env: [
        { name: "TMPDIR", value: "/data" },
        { name: "NODE_OPTIONS", value: "--trace-warnings" },
      ],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
      volumeMounts: [{ name: "data", mountPath: "/data", subPath: "in", readOnly: true }],
    }),
  );
  expect(template.metadata).toMatchObject({
    labels: { team: "sales", "snowline.dev/pipeline": "orders" },
    annotations: { "example.com/note": "x" },
  });
  const { containers, volumes, ...pod } = template.spec as unknown as PodSpec;
  expect(pod).toMatchObject({
    serviceAccountName: "loader",
    imagePullSecrets: [{ name: "pull" }],
    nodeSelector: { disk: "fast" },
    priorityClassName: "high",
    runtimeClassName: "gvisor",
    tolerations: [{ operator: "Exists" }],
    affinity: { podAntiAffinity: {} },
    topologySpreadConstraints: [{ topologyKey: "zone" }],
  });
  expect(containers[0].image).toBe("registry.example/own:1");
  expect(containers[0].env).toEqual([
    { name: "HOME", value: "/scratch" },
    { name: "TMPDIR", value: "/data" },
    { name: "NODE_OPTIONS", value: "--trace-warnings" },
  ]);
  expect(volumes.at(-1)).toEqual({ name: "data", persistentVolumeClaim: { claimName: "data" } });
  expect(containers[0].volumeMounts.at(-1)).toEqual({ name: "data", mountPath: "/data", subPath: "in", readOnly: true });
});

test("images are pulled with the operator's secrets and the owner's, each once", () => {
  const inputs = orders(withPod({ imagePullSecrets: ["own", "shared"] }));
  const { revision } = revisionOf(inputs, { ...settings, imagePullSecrets: ["shared"] });
  expect(revision?.template.spec["imagePullSecrets"]).toEqual([{ name: "shared" }, { name: "own" }]);
});

const volume = { name: "data", emptyDir: {} };
const mounted = (mountPath: string) => ({ volumes: [volume], volumeMounts: [{ name: "data", mountPath }] });
const only = "use one of configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected, secret";
test.each<[string, object, string]>([
  [
    "the label that finds the pods",
    { labels: { "snowline.dev/pipeline": "other" } },
    'spec.pod.labels["snowline.dev/pipeline"]: is Snowline\'s own, which finds the pods by it: take another label',
  ],
  [
    "the label that the watches select",
    { labels: { "app.kubernetes.io/managed-by": "me" } },
    'spec.pod.labels["app.kubernetes.io/managed-by"]: is Snowline\'s own, which finds the pods by it: take another label',
  ],
  [
    "an annotation of ours",
    { annotations: { "snowline.dev/x": "y" } },
    'spec.pod.annotations["snowline.dev/x"]: begins with snowline.dev/, which is Snowline\'s own: take another annotation',
  ],
  [
    "a volume of ours",
    { volumes: [{ name: "snowline-scratch", emptyDir: {} }] },
    'spec.pod.volumes[0].name: "snowline-scratch" begins with snowline-, as Snowline\'s own do: take another name',
  ],
  ["a volume without a name", { volumes: [{ emptyDir: {} }] }, "spec.pod.volumes[0].name: is required: name the volume"],
  ["a volume twice", { volumes: [volume, volume] }, 'spec.pod.volumes[1].name: "data" is there twice: take another name'],
  [
    "the node's files",
    { volumes: [{ name: "node", hostPath: { path: "/" } }] },
    `spec.pod.volumes[0].hostPath: a pipeline's pods are restricted and mount no such volume: ${only}`,
  ],
  [
    "the node's files beside something good",
    { volumes: [{ name: "node", emptyDir: {}, hostPath: { path: "/" } }] },
    `spec.pod.volumes[0].hostPath: a pipeline's pods are restricted and mount no such volume: ${only}`,
  ],
  [
    "a volume of nothing",
    { volumes: [{ name: "data" }] },
    `spec.pod.volumes[0]: set exactly one of: ${only.slice("use one of ".length)}`,
  ],
  [
    "a mount of no volume",
    { volumeMounts: [{ name: "data", mountPath: "/data" }] },
    'spec.pod.volumeMounts[0].name: "data" is no volume of spec.pod.volumes: there is none',
  ],
  [
    "a mount of one of our volumes",
    { volumes: [volume], volumeMounts: [{ name: "snowline-reference-0", mountPath: "/data" }] },
    'spec.pod.volumeMounts[0].name: "snowline-reference-0" is no volume of spec.pod.volumes: there is data',
  ],
  [
    "a mount over the secrets",
    mounted("/etc/snowline/secrets/user"),
    'spec.pod.volumeMounts[0].mountPath: "/etc/snowline/secrets/user" would hide /etc/snowline/secrets/user, or lie in it: take another path, such as /data',
  ],
  [
    "a mount over everything",
    mounted("/"),
    'spec.pod.volumeMounts[0].mountPath: "/" would hide /etc/snowline/pipeline, or lie in it: take another path, such as /data',
  ],
  [
    "a mount over the pipeline by a detour",
    mounted("/etc//snowline/./"),
    'spec.pod.volumeMounts[0].mountPath: "/etc//snowline/./" would hide /etc/snowline/pipeline, or lie in it: take another path, such as /data',
  ],
  [
    "a mount into the scratch by a detour",
    mounted("//scratch/x"),
    'spec.pod.volumeMounts[0].mountPath: "//scratch/x" would hide /scratch, or lie in it: take another path, such as /data',
  ],
  [
    "a mount that climbs",
    mounted("/data/../etc"),
    'spec.pod.volumeMounts[0].mountPath: "/data/../etc" must be an absolute path without ".." and ":", such as /data',
  ],
  [
    "a mount over the termination log",
    mounted("/dev"),
    'spec.pod.volumeMounts[0].mountPath: "/dev" would hide /dev/termination-log, or lie in it: take another path, such as /data',
  ],
  [
    "a relative mount",
    mounted("data"),
    'spec.pod.volumeMounts[0].mountPath: "data" must be an absolute path without ".." and ":", such as /data',
  ],
  [
    "an amount that is none",
    { resources: { limits: { memory: "much" } } },
    'spec.pod.resources.limits.memory: "much" is no quantity: write an amount such as 500m, 2 or 1Gi',
  ],
  [
    "a scratch that is no amount",
    { scratchBytes: "1GiB" },
    'spec.pod.scratchBytes: "1GiB" is no quantity: write an amount such as 500m, 2 or 1Gi',
  ],
  [
    "a request above the limit",
    { resources: { requests: { memory: "2Gi" }, limits: { memory: "1Gi" } } },
    "spec.pod.resources.requests.memory: 2Gi is more than the limit 1Gi: ask for less, or raise the limit",
  ],
  [
    "a part of a volume outside of it",
    { volumes: [volume], volumeMounts: [{ name: "data", mountPath: "/data", subPath: "../x" }] },
    'spec.pod.volumeMounts[0].subPath: "../x" must be a relative path without "..", such as in/orders',
  ],
  [
    "a label that is none",
    { labels: { team: "sales and more" } },
    'spec.pod.labels.team: "sales and more" must be at most 63 letters, digits, dashes, underscores and dots, with a letter or digit at both ends',
  ],
  [
    "a label's key that is none",
    { labels: { "a/b/c": "x" } },
    'spec.pod.labels.a/b/c: "b/c" must be at most 63 letters, digits, dashes, underscores and dots, with a letter or digit at both ends',
  ],
  [
    "an annotation of no domain",
    { annotations: { "example..com/x": "y" } },
    'spec.pod.annotations["example..com/x"]: "example..com" must be small letters, digits, dashes and dots, with a letter or digit at both ends',
  ],
  [
    "a node's label that is none",
    { nodeSelector: { disk: "-fast" } },
    'spec.pod.nodeSelector.disk: "-fast" must be at most 63 letters, digits, dashes, underscores and dots, with a letter or digit at both ends',
  ],
  [
    "an account that can be none",
    { serviceAccountName: "Loader" },
    'spec.pod.serviceAccountName: "Loader" must be small letters, digits, dashes and dots, with a letter or digit at both ends',
  ],
  [
    "a pull secret that can be none",
    { imagePullSecrets: ["pull", "a b"] },
    'spec.pod.imagePullSecrets[1]: "a b" must be small letters, digits, dashes and dots, with a letter or digit at both ends',
  ],
  [
    "a volume's name that is none",
    { volumes: [{ name: "my.data", emptyDir: {} }] },
    'spec.pod.volumes[0].name: "my.data" must be at most 63 small letters, digits and dashes, with a letter or digit at both ends',
  ],
  [
    "a variable's name that is none",
    { env: [{ name: "A=B", value: "" }] },
    'spec.pod.env[0].name: "A=B" must be printable ASCII without =',
  ],
])("%s is refused with the field and the fix", (_what, pod, message) => {
  const { revision, problems } = revisionOf(orders(withPod(pod)), settings);
  expect(revision).toBeNull();
  expect(texts(problems)).toEqual([message]);
});

test.each<[string, string]>([
  ["token", '"token" must be the absolute path of a file, such as /var/run/secrets/snowflake/token'],
  ["/var/../token", '"/var/../token" must be the absolute path of a file, such as /var/run/secrets/snowflake/token'],
  [
    "/token",
    '"/token": a volume at / would hide /etc/snowline/pipeline, or lie in it: take a path such as /var/run/secrets/snowflake/token',
  ],
  [
    "/scratch/token",
    '"/scratch/token": a volume at /scratch would hide /scratch, or lie in it: take a path such as /var/run/secrets/snowflake/token',
  ],
])("a token at %s is refused", (tokenPath, message) => {
  const auth = { workloadIdentity: { tokenPath } };
  const warehouse = { "spec.snowflake.user": undefined, "spec.snowflake.auth": auth };
  expect(texts(revisionOf(orders({ warehouse }), settings).problems)).toEqual([
    `Connection warehouse: spec.snowflake.auth.workloadIdentity.tokenPath: ${message}`,
  ]);
});
