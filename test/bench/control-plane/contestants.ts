import { execFile } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { KubeObject } from "../../../operator/kube/kube-object.ts";
import type { ResourceType } from "../../../operator/kube/resource-type.ts";
import { cacheDirectory } from "../../cache/cached-directory.ts";
import { buildGoProgram } from "../../cache/go-program.ts";
import type { ApiServer } from "../../cluster/api-server.ts";
import { childrenOfPipeline } from "./children-of-pipeline.ts";
import { kedaDefinitions, kedaOperator } from "../../cluster/keda-programs.ts";

const execute = promisify(execFile);
const root = join(import.meta.dirname, "..", "..", "..");

/** Objects are spread over so many namespaces. */
export const namespaces = Array.from({ length: 20 }, (_, index) => `bench-${index + 1}`);

/** An object to be made, by its type. */
export interface Made {
  readonly type: ResourceType;
  readonly object: KubeObject;
}

/** A controller that makes something of each of many objects. */
export interface Contestant {
  readonly name: string;
  /** What it makes of each object. */
  readonly makes: ResourceType;
  /** Definitions that its objects need, as files for kubectl. */
  definitions(): Promise<readonly string[]>;
  /** What has to be there before, for this many objects. */
  before(count: number): readonly Made[];
  object(index: number): Made;
  /** The command; its metrics come up at the port. */
  command(place: Place): Promise<readonly string[]>;
  environment?(apiServer: ApiServer): Readonly<Record<string, string>>;
}

/** Where a contestant works. */
export interface Place {
  readonly apiServer: ApiServer;
  readonly port: number;
  readonly otherPorts: readonly [number, number];
  say(line: string): void;
}

const deployments: ResourceType = { group: "apps", version: "v1", kind: "Deployment", plural: "deployments", namespaced: true };
const pipelines: ResourceType = {
  group: "snowline.dev",
  version: "v1alpha1",
  kind: "Pipeline",
  plural: "pipelines",
  namespaced: true,
};
const connections: ResourceType = { ...pipelines, kind: "Connection", plural: "connections" };
const secrets: ResourceType = { group: "", version: "v1", kind: "Secret", plural: "secrets", namespaced: true };
const scaledObjects: ResourceType = {
  group: "keda.sh",
  version: "v1alpha1",
  kind: "ScaledObject",
  plural: "scaledobjects",
  namespaced: true,
};
const autoscalers: ResourceType = {
  group: "autoscaling",
  version: "v2",
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  namespaced: true,
};

const namespaceOf = (index: number): string => namespaces[index % namespaces.length]!;
const made = (type: ResourceType, metadata: { namespace: string; name: string }, rest: object): Made => ({
  type,
  object: { apiVersion: type.group === "" ? type.version : `${type.group}/${type.version}`, kind: type.kind, metadata, ...rest },
});

/** A pipeline as people write them: two Connections, two Secrets, some SQL of its own. */
function pipeline(index: number): Made {
  const columns = { order_id: "VARCHAR", customer: "VARCHAR", amount: "DECIMAL(18,2)", status: "VARCHAR" };
  return made(
    pipelines,
    { namespace: namespaceOf(index), name: `orders-${index}` },
    {
      spec: {
        source: { kafka: { connection: "events", topics: [`orders-${index}`], format: { json: { columns } } } },
        transform: { sql: `SELECT order_id, customer, amount * ${index + 1} AS amount FROM source WHERE status = 'paid'` },
        sink: { snowflake: { connection: "warehouse", database: "ANALYTICS", table: `ORDERS_${index}` } },
        pod: { resources: { requests: { cpu: "10m", memory: "16Mi" } } },
      },
    },
  );
}

function connectionsAndSecrets(): readonly Made[] {
  const secret = (namespace: string, name: string, key: string) =>
    made(secrets, { namespace, name }, { stringData: { [key]: "not a real one" } });
  return namespaces.flatMap((namespace) => [
    secret(namespace, "kafka-user", "password"),
    secret(namespace, "snowflake-key", "rsa_key.p8"),
    made(
      connections,
      { namespace, name: "events" },
      {
        spec: {
          kafka: {
            brokers: ["127.0.0.1:9"],
            tls: {},
            sasl: { plain: { username: "orders", passwordFrom: { secret: "kafka-user", key: "password" } } },
          },
        },
      },
    ),
    made(
      connections,
      { namespace, name: "warehouse" },
      {
        spec: {
          snowflake: {
            account: "myorg-myaccount",
            user: "SNOWLINE",
            warehouse: "LOAD_XS",
            auth: { keyPair: { privateKeyFrom: { secret: "snowflake-key", key: "rsa_key.p8" } } },
          },
        },
      },
    ),
  ]);
}

const ownDefinitions = async (): Promise<readonly string[]> => [join(root, "crds", "generated")];

const compiled = cacheDirectory("compiled");

/** Compiled before, as in the image: it ends at once for want of arguments. */
async function operatorProgram(): Promise<readonly string[]> {
  const program = [process.execPath, "--disable-warning=ExperimentalWarning", join(root, "operator", "main.ts")] as const;
  const [node, ...args] = program;
  await execute(node, args, { env: { NODE_COMPILE_CACHE: compiled } }).catch(() => {});
  return program;
}

const snowline: Contestant = {
  name: "snowline",
  makes: deployments,
  definitions: ownDefinitions,
  before: connectionsAndSecrets,
  object: pipeline,
  // As in a pod: kubeconfigs are read by a library that a pod does not load.
  environment: ({ url }) => ({
    KUBERNETES_SERVICE_HOST: new URL(url).hostname,
    KUBERNETES_SERVICE_PORT: new URL(url).port,
    // As the chart has them; the heap is as large as Node lets it grow in a container with the chart's limit of 1Gi.
    MALLOC_ARENA_MAX: "2",
    MALLOC_TRIM_THRESHOLD_: "131072",
    NODE_OPTIONS: "--max-semi-space-size=4 --max-old-space-size=512",
    // As the image has it.
    NODE_COMPILE_CACHE: compiled,
  }),
  command: async ({ apiServer, port }) => [
    ...(await operatorProgram()),
    `--service-account-directory=${await serviceAccount(apiServer)}`,
    "--operator-namespace=default",
    "--identity=bench",
    "--runtime-image=local.test/nothing:1",
    `--port=${port}`,
    "--webhook-port=0",
    "--log-level=warn",
  ],
};

/** A directory as the kubelet mounts it, of a ServiceAccount that may do everything. */
async function serviceAccount(apiServer: ApiServer): Promise<string> {
  const directory = join(apiServer.place.directory, "service-account");
  const name = "bench";
  const made = await mkdir(directory, { recursive: true });
  if (made !== undefined) {
    await apiServer.kubectl(["create", "serviceaccount", name]);
    const binding = ["create", "clusterrolebinding", name, "--clusterrole=cluster-admin", `--serviceaccount=default:${name}`];
    await apiServer.kubectl(binding);
  }
  await writeFile(join(directory, "token"), (await apiServer.kubectl(["create", "token", name, "--duration=24h"])).trim());
  await writeFile(join(directory, "namespace"), "default");
  await copyFile(apiServer.caFile, join(directory, "ca.crt"));
  return directory;
}

/** The least that a Go controller can do: one Deployment of each Pipeline. */
const floor: Contestant = {
  name: "go-floor",
  makes: deployments,
  definitions: ownDefinitions,
  before: () => [],
  object: pipeline,
  command: (place) => floorCommand(place, []),
};

/** The same controller, which makes the same children as ours: what they cost the cluster whoever makes them. */
const sameChildren: Contestant = {
  ...floor,
  name: "go-same-children",
  command: async (place) => {
    const file = join(place.apiServer.place.directory, "children.json");
    const objects = connectionsAndSecrets().flatMap(({ type, object }) => (type === connections ? [object] : []));
    const { object } = pipeline(0);
    const named = { ...object, metadata: { ...object.metadata, name: "name-of-the-pipeline" } };
    await writeFile(file, JSON.stringify(childrenOfPipeline(named, objects.slice(0, 2))));
    return floorCommand(place, ["-children", file]);
  },
};

async function floorCommand({ apiServer, port, say }: Place, further: readonly string[]): Promise<readonly string[]> {
  const module = join(import.meta.dirname, "floor");
  const program = await buildGoProgram({ name: "floor", module, package: ".", takes: "2 minutes on 2 cores" }, say);
  return [program, "-config", apiServer.kubeconfig, "-metrics", `127.0.0.1:${port}`, ...further];
}

/** KEDA makes an HPA of each ScaledObject; the Deployments are there before. */
const keda: Contestant = {
  name: "keda",
  makes: autoscalers,
  definitions: kedaDefinitions,
  before: (count) => Array.from({ length: count }, (_, index) => targetDeployment(index)),
  object: (index) =>
    made(
      scaledObjects,
      { namespace: namespaceOf(index), name: `orders-${index}` },
      {
        spec: {
          scaleTargetRef: { name: `orders-${index}` },
          triggers: [{ type: "cpu", metricType: "Utilization", metadata: { value: "50" } }],
        },
      },
    ),
  environment: () => ({
    POD_NAMESPACE: "default",
    WATCH_NAMESPACE: "",
    KEDA_CLUSTER_OBJECT_NAMESPACE: "default",
    KEDA_SCALEDOBJECT_CTRL_MAX_RECONCILES: "8",
  }),
  command: async ({ apiServer, port, otherPorts, say }) => {
    const program = await kedaOperator(say);
    const certificates = await kedaCertificates(apiServer);
    return [
      program,
      `--kubeconfig=${apiServer.kubeconfig}`,
      `--metrics-bind-address=127.0.0.1:${port}`,
      `--health-probe-bind-address=127.0.0.1:${otherPorts[0]}`,
      `--metrics-service-bind-address=127.0.0.1:${otherPorts[1]}`,
      "--leader-elect=true",
      "--kube-api-qps=500",
      "--kube-api-burst=1000",
      `--cert-dir=${certificates}`,
      "--enable-webhook-patching=false",
      "--enable-apiservice-patching=false",
      "--zap-log-level=error",
    ];
  },
};

/** A certificate of the operator's own gRPC service, which nobody calls here. */
async function kedaCertificates({ place, caFile }: ApiServer): Promise<string> {
  const directory = join(place.directory, "keda");
  await mkdir(directory, { recursive: true });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", join(directory, "tls.key")];
  const out = ["-out", join(directory, "tls.crt"), "-subj", "/CN=localhost", "-days", "1"];
  await execute("openssl", ["req", "-x509", ...key, ...out]);
  await copyFile(caFile, join(directory, "ca.crt"));
  return directory;
}

function targetDeployment(index: number): Made {
  const name = `orders-${index}`;
  const container = { name: "c", image: "local.test/nothing:1", resources: { requests: { cpu: "10m" } } };
  return made(
    deployments,
    { namespace: namespaceOf(index), name },
    {
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
      },
    },
  );
}

/** Who takes part. */
export const contestants: readonly Contestant[] = [floor, sameChildren, snowline, keda];
