import {
  type API,
  apiVersionsV3,
  Connection,
  findCoordinatorV4,
  listOffsetsV7,
  metadataV12,
  parseBroker,
} from "@platformatic/kafka";
import type { KafkaConnection } from "../../crds/connectors/kafka.ts";
import type { ComponentContext } from "../component/context.ts";
import { NotConnected, Terminal } from "../component/errors.ts";
import { clusterName, connectionOptions, kafkaConnection } from "./connection-options.ts";
import { brokerErrors, type ClusterName, steered } from "./kafka-errors.ts";

/** A broker answers a connection's requests in order, so what may wait long there has a connection of its own. */
export type Purpose = "control" | "fetch" | "group";

/** A partition's leader. */
export interface Leader {
  /** Node id, or -1 while there is none. */
  readonly node: number;
  readonly epoch: number;
}
/** A topic as the brokers know it now. */
export interface Topic {
  readonly name: string;
  /** UUID; a topic made again under its old name has another. */
  readonly id: string;
  /** By partition. */
  readonly leaders: readonly Leader[];
}

/** A connection and what its broker speaks. */
export interface Broker {
  readonly connection: Connection;
  /** Newest version of an API by its key; absent where the broker does not know it. */
  readonly newest: ReadonlyMap<number, number>;
}

/** Answers that a broker holds back until its own timeout, such as joining a group, come later than others. */
const requestTimeoutMs: Readonly<Record<Purpose, number>> = { control: 30_000, fetch: 60_000, group: 90_000 };
const clientId = "snowline";
/** Kafka's name of a coordinator for consumer groups. */
const groupCoordinator = 0;
/** Fetch by topic id: Kafka 3.1. */
const oldestFetch = 13;

/**
 * The brokers of a Connection: opens connections when they are needed, forgets them when they break, and knows who leads
 * what. Every call throws NotConnected (naming the brokers) or Terminal, never the client's own errors.
 */
export class Cluster implements AsyncDisposable {
  readonly #spec: KafkaConnection;
  readonly #name: ClusterName;
  readonly #options: ReturnType<typeof connectionOptions>;
  readonly #brokers = new Map<string, Promise<Broker>>();
  readonly #open = new Set<Connection>();
  #addresses = new Map<number, { readonly host: string; readonly port: number }>();
  #closed = false;

  constructor(connection: string, context: ComponentContext) {
    this.#spec = kafkaConnection(connection, context);
    this.#name = clusterName(connection, this.#spec);
    this.#options = connectionOptions(this.#spec, context);
  }

  /** The brokers of the Connection, for messages. */
  get bootstrap(): string {
    return this.#spec.brokers.join(", ");
  }

  /** The broker with this node id. */
  async broker(node: number, purpose: Purpose): Promise<Broker> {
    const address = this.#addresses.get(node);
    if (address === undefined)
      throw new NotConnected(`kafka connection "${this.#name.connection}" (${this.bootstrap}): broker ${node} is not there`);
    return this.#connect(address, purpose);
  }

  /** The first broker that answers, of those that were told us last and those of the Connection. */
  async anyBroker(): Promise<Broker> {
    const addresses = [...this.#addresses.values(), ...this.#spec.brokers.map((broker) => parseBroker(broker))];
    let failure: unknown;
    for (const address of addresses) {
      try {
        return await this.#connect(address, "control");
      } catch (error) {
        if (error instanceof Terminal) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** Topics by name; those that do not exist are absent. Null: all but the brokers' inner ones. */
  async topics(names: readonly string[] | null): Promise<ReadonlyMap<string, Topic>> {
    const answer = await this.call(await this.anyBroker(), async ({ connection }) => {
      try {
        return await metadataV12.api.async(connection, names === null ? null : [...names], false, false);
      } catch (error) {
        if (brokerErrors(error).some((id) => id === "TOPIC_AUTHORIZATION_FAILED")) throw error;
        // Topics without a leader or unknown ones make the client throw; the answer tells which.
        const { response } = error as { response?: Awaited<ReturnType<typeof metadataV12.api.async>> };
        if (response?.topics === undefined) throw error;
        return response;
      }
    });
    this.#addresses = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    return new Map(
      answer.topics
        .filter(
          ({ errorCode, isInternal, name }) =>
            name !== null && !(isInternal && names === null) && (errorCode === 0 || errorCode === leaderNotAvailable),
        )
        .map(({ name, topicId, partitions }) => [name!, { name: name!, id: topicId, leaders: leadersOf(partitions) }]),
    );
  }

  /** An offset of a partition by time: its first record not before it, or -1 where there is none; see `earliest`, `latest`. */
  async offsetAt(topic: Topic, partition: number, timestamp: bigint): Promise<number> {
    const leader = topic.leaders[partition];
    if (leader === undefined || leader.node < 0) throw new NotConnected(`${topic.name}/${partition}: it has no leader now`);
    const request = [
      { name: topic.name, partitions: [{ partitionIndex: partition, currentLeaderEpoch: leader.epoch, timestamp }] },
    ];
    const answer = await this.call(await this.broker(leader.node, "control"), ({ connection }) =>
      listOffsetsV7.api.async(connection, -1, readCommitted, request),
    );
    return Number(answer.topics[0]?.partitions[0]?.offset ?? -1n);
  }

  /** The broker that coordinates a consumer group now. Answers of the broker that are `expected` come through as they are. */
  async coordinator(groupId: string, expected: (errors: readonly string[]) => boolean): Promise<Broker> {
    const ask = ({ connection }: Broker) => findCoordinatorV4.api.async(connection, groupCoordinator, [groupId]);
    const answer = await this.call(await this.anyBroker(), ask, expected);
    const found = answer.coordinators[0];
    if (found === undefined) throw new NotConnected(`consumer group "${groupId}": it has no coordinator now`);
    return this.#connect({ host: found.host, port: found.port }, "group");
  }

  /** Runs a request; what it throws is NotConnected, Terminal, or what `expected` lets through. */
  async call<T>(
    broker: Broker,
    request: (broker: Broker) => Promise<T>,
    expected: (errors: readonly string[]) => boolean = () => false,
  ): Promise<T> {
    try {
      return await request(broker);
    } catch (error) {
      if (expected(brokerErrors(error))) throw error;
      throw steered(error, this.#name, false);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map((connection) => connection.close()));
    this.#brokers.clear();
  }

  #connect(address: { readonly host: string; readonly port: number }, purpose: Purpose): Promise<Broker> {
    if (this.#closed) return Promise.reject(new NotConnected(`kafka connection "${this.#name.connection}": it was closed`));
    const key = `${purpose} ${address.host}:${address.port}`;
    const known = this.#brokers.get(key);
    if (known !== undefined) return known;
    const opening = this.#openConnection(address, purpose, () => this.#brokers.delete(key));
    this.#brokers.set(key, opening);
    opening.catch(() => this.#brokers.delete(key));
    return opening;
  }

  async #openConnection(
    address: { readonly host: string; readonly port: number },
    purpose: Purpose,
    forget: () => void,
  ): Promise<Broker> {
    const options = await this.#options(address.host);
    const connection = new Connection(clientId, { ...options, requestTimeout: requestTimeoutMs[purpose] });
    // Requests only learn that the connection closed; why is told in this event.
    let broken: Error | null = null;
    connection.on("error", (error) => {
      broken ??= error;
      forget();
    });
    connection.on("close", () => {
      this.#open.delete(connection);
      forget();
    });
    this.#open.add(connection);
    try {
      await connection.connect(address.host, address.port);
      const { apiKeys } = await apiVersionsV3.api.async(connection, clientId, "1");
      return { connection, newest: this.#understood(new Map(apiKeys.map(({ apiKey, maxVersion }) => [apiKey, maxVersion]))) };
    } catch (error) {
      this.#open.delete(connection);
      await connection.close().catch(() => {});
      throw steered(
        broken === null ? error : new AggregateError([broken, error]),
        { ...this.#name, brokers: [`${address.host}:${address.port}`] },
        true,
      );
    }
  }

  #understood(newest: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
    if ((newest.get(1) ?? 0) >= oldestFetch) return newest;
    throw new Terminal(
      "BrokerTooOld",
      `kafka connection "${this.#name.connection}": the brokers cannot fetch by topic id. Use Kafka 3.1 or newer`,
    );
  }
}

/** True where the broker speaks this version of this API. */
export function speaks(broker: Broker, api: Pick<API<never, never>, "key" | "version">): boolean {
  return (broker.newest.get(api.key) ?? -1) >= api.version;
}

/** Timestamp of `offsetAt` that stands for a partition's first offset. */
export const earliest = -2n;
/** Likewise for its end, as readers of committed records see it. */
export const latest = -1n;
/** Isolation level of all we ask: what readers of committed records see. */
export const readCommitted = 1;
const leaderNotAvailable = 5;

function leadersOf(
  partitions: readonly { readonly partitionIndex: number; readonly leaderId: number; readonly leaderEpoch: number }[],
): Leader[] {
  const leaders: Leader[] = [];
  for (const { partitionIndex, leaderId, leaderEpoch } of partitions)
    leaders[partitionIndex] = { node: leaderId, epoch: leaderEpoch };
  return leaders;
}
