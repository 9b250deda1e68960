import { Admin as KafkaAdmin } from "@platformatic/kafka";
import kafkajs, { type Admin, type Kafka, type Producer } from "kafkajs";
import { pino } from "pino";
import type { KafkaConnection, KafkaSource } from "../../../crds/connectors/kafka.ts";
import type { ComponentContext } from "../../../runtime/component/context.ts";
import type { Format } from "../../../runtime/component/record.ts";
import type { Source } from "../../../runtime/component/source.ts";
import { kafkaLimits, type KafkaLimits } from "../../../runtime/kafka/kafka-limits.ts";
import { openKafkaSource } from "../../../runtime/sources/kafka/kafka-source.ts";
import { independentClient } from "../../kafka/client.ts";
import { createTopic } from "../../kafka/create-topic.ts";
import { uniqueName } from "../../kafka/unique-name.ts";

/** Shorter times than production's, so that tests need not wait. */
const quickLimits: KafkaLimits = { ...kafkaLimits, topicRefreshMs: 300, heartbeatMs: 200, sessionTimeoutMs: 6000 };

/** What a context is made of. */
export interface ContextOptions {
  readonly connection: KafkaConnection;
  /** By `<secret>/<key>`. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Collects what is logged, one JSON text each. */
  readonly logged?: string[];
  readonly pipeline?: { readonly namespace: string; readonly name: string };
}

/** Surroundings with one Connection, `events`. */
export function kafkaContext({ connection, secrets = {}, logged = [], pipeline }: ContextOptions): ComponentContext {
  const secret = (name: string, key: string): string => {
    const value = secrets[`${name}/${key}`];
    if (value === undefined) throw new Error(`the test has no secret ${name}/${key}`);
    return value;
  };
  return {
    pipeline: pipeline ?? { namespace: "shop", name: uniqueName("orders") },
    connection: () => ({ kafka: connection }),
    secret: async ({ secret: name, key }) => secret(name, key),
    value: async ({ secret: name, configMap, key }) => secret(name ?? configMap ?? "", key),
    path: (text) => text,
    scratchDirectory: "",
    now: Date.now,
    log: pino({ level: "debug" }, { write: (line: string) => void logged.push(line) }),
  };
}

/** Takes every value as it is; null where there is none. */
export const textFormat: Format = {
  encode: (record, into) => {
    into.utf8(
      `"value":${record.valueStart < 0 ? "null" : JSON.stringify(record.bytes.toString("utf8", record.valueStart, record.valueEnd))}`,
    );
    return null;
  },
};

/** What a test says of a source. */
export type SpecPart = Partial<Omit<KafkaSource, "connection" | "format">>;

/** A cluster as tests use it: by kafkajs for what the tests do, by our source for what is tested. */
export class KafkaPlace implements AsyncDisposable {
  readonly client: Kafka;
  readonly admin: Admin;
  readonly logged: string[] = [];
  readonly #bootstrap: string;
  readonly #producers: Producer[] = [];
  readonly #sources: Source[] = [];
  #producer: Producer | null = null;

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap;
    this.client = independentClient(bootstrap);
    this.admin = this.client.admin();
  }

  /** Creates a topic and returns its name. */
  async topic(
    partitions = 1,
    name = uniqueName("topic"),
    config: Readonly<Record<string, string>> = {},
    replicationFactor = 1,
  ): Promise<string> {
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
    await createTopic(this.admin, { topic: name, numPartitions: partitions, replicationFactor, configEntries });
    return name;
  }

  /** Deletes the records of partition 0 before an offset, as retention does. kafkajs cannot do that to a current broker. */
  async deleteRecordsBefore(topic: string, offset: number): Promise<void> {
    const admin = new KafkaAdmin({ clientId: "test", bootstrapBrokers: this.#bootstrap.split(",") });
    await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: BigInt(offset) }] }] });
    await admin.close();
  }

  /** Bytes a second that consumers may fetch from a broker; null: as many as they like. */
  async consumerQuota(bytesPerSecond: number | null): Promise<void> {
    const admin = new KafkaAdmin({ clientId: "test", bootstrapBrokers: this.#bootstrap.split(",") });
    const key = "consumer_byte_rate" as const;
    const entities = [{ entityType: "client-id" as const, entityName: "snowline" }];
    const ops = [
      bytesPerSecond === null ? { key, remove: true as const } : { key, value: bytesPerSecond, remove: false as const },
    ];
    await admin.alterClientQuotas({ entries: [{ entities, ops }] });
    await admin.close();
  }

  /** A producer that ends with the place. */
  async producer(options: Parameters<Kafka["producer"]>[0] = {}): Promise<Producer> {
    const producer = this.client.producer({
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
      // A send that is tried again puts each record into the topic once.
      idempotent: true,
      maxInFlightRequests: 1,
      ...options,
    });
    await producer.connect();
    this.#producers.push(producer);
    return producer;
  }

  /** Appends records with these texts. */
  async produce(
    topic: string,
    partition: number,
    texts: readonly string[],
    codec = kafkajs.CompressionTypes.None,
  ): Promise<void> {
    this.#producer ??= await this.producer();
    await this.#producer.send({ topic, acks: -1, compression: codec, messages: texts.map((value) => ({ partition, value })) });
  }

  /** Opens a source that ends with the place. Each has a group of its own unless `pipeline` or `groupId` is the same. */
  async source(
    spec: SpecPart,
    options: { readonly format?: Format; readonly limits?: Partial<KafkaLimits>; readonly context?: ComponentContext } = {},
  ): Promise<Source> {
    const full = {
      connection: "events",
      startFrom: "earliest",
      tombstones: "skip",
      fetchWaitMs: 100,
      format: { raw: {} },
      ...spec,
    } as KafkaSource;
    const source = await openKafkaSource(full, options.format ?? textFormat, options.context ?? this.context(), {
      ...quickLimits,
      ...options.limits,
    });
    this.#sources.push(source);
    return source;
  }

  context(pipeline?: ContextOptions["pipeline"]): ComponentContext {
    return kafkaContext({
      connection: { brokers: this.#bootstrap.split(",") },
      logged: this.logged,
      ...(pipeline === undefined ? {} : { pipeline }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sources.map((source) => source[Symbol.asyncDispose]()));
    await Promise.all(this.#producers.map((producer) => producer.disconnect()));
    await this.admin.disconnect();
  }
}
