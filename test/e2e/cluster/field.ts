import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { PipelineStatus } from "../../../crds/kinds/pipeline-status.ts";
import type { ClusterAccess } from "../../cluster/cluster-access.ts";
import { openTestAccount, type TestAccount } from "../../snowflake/open-test-account.ts";
import { secretsOf } from "../../snowflake/secrets-of.ts";
import { type NumberedTopic, type NumberedTopicOptions, openNumberedTopic } from "./numbered-topic.ts";
import { sharedInstallation } from "./shared-installation.ts";

/** A pod, as far as tests look at it. */
export interface FieldPod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly ready: boolean;
      readonly lastState: {
        readonly terminated?: { readonly exitCode: number; readonly reason: string; readonly message?: string };
      };
    }[];
  };
}

/** A Pipeline, as far as tests look at it. */
export interface FieldPipeline {
  readonly metadata: {
    readonly name: string;
    readonly generation: number;
    readonly uid: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: PipelineStatus;
}

/** A namespace of its own on the run's cluster, with Connections to the run's broker and to an account of its own. */
export interface Field extends AsyncDisposable {
  readonly namespace: string;
  /** Of the run's broker, as pods and programs of the cluster's network reach it. */
  readonly bootstrap: string;
  readonly cluster: ClusterAccess;
  readonly account: TestAccount;
  /** kubectl in the namespace. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** `kubectl apply`; resolves to what it printed. */
  apply(...objects: readonly object[]): Promise<string>;
  pipeline(name: string): Promise<FieldPipeline | null>;
  /** Pods of a pipeline, those that are ending included. */
  pods(pipeline: string): Promise<readonly FieldPod[]>;
  /** A topic of its own, of four partitions if nothing else is said; it is closed at the end of the test. */
  topic(options?: Omit<NumberedTopicOptions, "name" | "partitions"> & { readonly partitions?: number }): Promise<NumberedTopic>;
  /** A Pipeline from the topic into a table, a load a second, with what `spec` says on top. */
  manifest(name: string, topic: NumberedTopic, spec?: Readonly<Record<string, unknown>>): object;
  /** Numbers in the column N of the table of a pipeline, in order; none where there is no table. */
  numbers(pipeline: string): Promise<readonly number[]>;
  /** Resolves once the table of the pipeline has each record of the topic once, and nothing else. */
  arrived(pipeline: string, topic: NumberedTopic): Promise<void>;
  /** Resolves to the Pipeline once the condition has the status. */
  condition(pipeline: string, type: string, status: string, timeoutMs?: number): Promise<FieldPipeline>;
}

const pollMs = 250;
/** A pod of ours starts in seconds; the machine may be busy. */
const waitMs = 120_000;

/** Asks until there is an answer. Throws with the last one that was none when time is up. */
export async function until<T>(what: string, question: () => Promise<T | undefined>, timeoutMs = waitMs): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await question();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await sleep(pollMs);
  }
}

/** Opens a field for the current test file; labels are the namespace's. */
export async function openField(labels: Readonly<Record<string, string>> = {}): Promise<Field> {
  const { cluster, bootstrap } = await sharedInstallation();
  const namespace = `e2e-${randomUUID().slice(0, 8)}`;
  const account = await openTestAccount({ host: cluster.cluster.hostAddress });
  const kubectl = (...args: readonly string[]) => cluster.kubectl(["-n", namespace, ...args]);
  const apply = (...objects: readonly object[]) => {
    const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
    return cluster.kubectl(["-n", namespace, "apply", "-f", "-"], { input });
  };
  await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } });
  await apply(...connections(bootstrap, account, await secretsOf(account)));
  const pipeline = async (name: string): Promise<FieldPipeline | null> => {
    const text = await kubectl("get", "pipeline", name, "-o", "json", "--ignore-not-found");
    return text === "" ? null : (JSON.parse(text) as FieldPipeline);
  };
  const numbers = async (name: string): Promise<readonly number[]> => tableNumbers(account, tableName(name));
  return {
    namespace,
    bootstrap,
    cluster,
    account,
    kubectl,
    apply,
    pipeline,
    numbers,
    pods: async (name) => {
      const text = await kubectl("get", "pods", "-l", `snowline.dev/pipeline=${name}`, "-o", "json");
      return (JSON.parse(text) as { items: readonly FieldPod[] }).items;
    },
    topic: async (options = {}) => {
      const name = `${namespace}-${randomUUID().slice(0, 8)}`;
      const topic = await openNumberedTopic(bootstrap, { partitions: 4, ...options, name });
      onTestFinished(() => topic[Symbol.asyncDispose]());
      return topic;
    },
    manifest: (name, topic, spec = {}) => manifest({ name, namespace, account, topic: topic.name }, spec),
    arrived: (name, topic) => arrived(name, topic, { numbers, pipeline }),
    condition: (name, type, status, timeoutMs = waitMs) => {
      let last: FieldPipeline | null = null;
      const found = until(
        `pipeline ${name}: ${type}=${status}`,
        async () => {
          last = await pipeline(name);
          const { status: pipelineStatus, metadata } = last ?? {};
          const condition = pipelineStatus?.conditions?.find((one) => one.type === type);
          const current = pipelineStatus?.observedGeneration === metadata?.generation;
          return current && condition?.status === status ? (last ?? undefined) : undefined;
        },
        timeoutMs,
      );
      return found.catch((cause: unknown) => {
        throw new Error(`${(cause as Error).message}; its status: ${JSON.stringify(last?.status, null, 1)}`, { cause });
      });
    },
    [Symbol.asyncDispose]: async () => {
      await cluster.kubectl(["delete", "namespace", namespace, "--wait=true", "--timeout=120s"]);
      await account[Symbol.asyncDispose]();
    },
  };
}

/** `secrets`: values by `<secret>/<key>`. */
function connections(bootstrap: string, account: TestAccount, secrets: Readonly<Record<string, string>>): readonly object[] {
  return [
    ...Object.entries(secrets).map(([path, value]) => {
      const [name = "", key = ""] = path.split("/");
      return { apiVersion: "v1", kind: "Secret", metadata: { name }, stringData: { [key]: value } };
    }),
    connection("events", { kafka: { brokers: bootstrap.split(",") } }),
    connection("warehouse", { snowflake: account.spec }),
  ];
}
const connection = (name: string, spec: object) => ({
  apiVersion: "snowline.dev/v1alpha1",
  kind: "Connection",
  metadata: { name },
  spec,
});

/** Name of a pipeline's table, as stored. */
export const tableName = (pipeline: string): string => pipeline.replaceAll("-", "_").toUpperCase();

interface Place {
  readonly name: string;
  readonly namespace: string;
  readonly account: TestAccount;
  readonly topic: string;
}

function manifest({ name, account, topic }: Place, spec: Readonly<Record<string, unknown>>): object {
  return {
    apiVersion: "snowline.dev/v1alpha1",
    kind: "Pipeline",
    metadata: { name },
    spec: {
      source: {
        kafka: { connection: "events", topics: [topic], format: { json: { columns: { id: "VARCHAR", n: "BIGINT" } } } },
      },
      transform: { sql: "SELECT id, n FROM source" },
      sink: {
        snowflake: {
          connection: "warehouse",
          database: account.database,
          schema: account.schema,
          table: tableName(name),
          load: { copy: { everySeconds: 1 } },
          schemaEvolution: "addColumns",
        },
      },
      pod: { resources: { requests: { cpu: "50m", memory: "256Mi" }, limits: { memory: "1Gi" } } },
      ...spec,
    },
  };
}

async function tableNumbers(account: TestAccount, table: string): Promise<readonly number[]> {
  const place = `${account.database}.${account.schema}`;
  const there = await account.query(`SHOW TABLES LIKE '${table}' IN SCHEMA ${place}`);
  if (there.length === 0) return [];
  const rows = await account.query(`SELECT N FROM ${place}.${table} ORDER BY N`);
  return rows.map((row) => Number(row["N"]));
}

async function arrived(name: string, topic: NumberedTopic, field: Pick<Field, "numbers" | "pipeline">): Promise<void> {
  let last: readonly number[] = [];
  const complete = until(`table of ${name}`, async () => {
    last = await field.numbers(name);
    return last.length >= topic.written ? true : undefined;
  });
  await complete.catch(async (cause: unknown) => {
    const status = JSON.stringify((await field.pipeline(name))?.status, null, 1);
    throw new Error(`${(cause as Error).message}: ${last.length} of ${topic.written} rows; status: ${status}`, { cause });
  });
  const wrong = last.findIndex((n, index) => n !== index);
  if (last.length !== topic.written || wrong >= 0)
    throw new Error(`table of ${name}: ${last.length} rows of ${topic.written} records; at ${wrong} it has ${last[wrong]}`);
}
