import { createHash } from "node:crypto";
import { type MessageToProduce, Producer } from "@platformatic/kafka";
import type { KafkaDeadLetter } from "../../../crds/connectors/kafka.ts";
import type { ComponentContext } from "../../component/context.ts";
import type { DeadLetters, Letter } from "../../component/dead-letters.ts";
import { NotConnected, Terminal } from "../../component/errors.ts";
import { Cluster } from "../../kafka/cluster.ts";
import { clusterName, connectionOptions, kafkaConnection } from "../../kafka/connection-options.ts";
import { brokerErrors, steered } from "../../kafka/kafka-errors.ts";
import { letterHeaders } from "./letter-headers.ts";

type LetterProducer = Producer<Buffer, Buffer | null, Buffer, Buffer | null>;
type LetterMessage = MessageToProduce<Buffer, Buffer | null, Buffer, Buffer | null>;

/** Bytes of letters in one request: a topic takes record batches up to 1 MiB (`max.message.bytes`) unless it was told otherwise. */
const requestBytesMax = 512 << 10;
/** What a letter's own headers take at least. */
const headerBytes = 200;
/** The client tries a request again while a leader moves; what lasts longer is the engine's to wait out. */
const retries = 4;
const retryDelayMs = 250;
const allReplicas = -1;

/**
 * Opens dead letters that are records of a Kafka topic: key, value and headers as they were, and headers that say where the
 * record was and why it was refused (letter-headers.ts). Letters of one record go to one partition. Nothing is connected yet.
 * Throws Terminal where the Connection is none of Kafka.
 */
export async function openKafkaDeadLetters(spec: KafkaDeadLetter, context: ComponentContext): Promise<DeadLetters> {
  return new KafkaDeadLetters(spec, context);
}

class KafkaDeadLetters implements DeadLetters {
  readonly #topic: string;
  readonly #connect: () => Promise<LetterProducer>;
  readonly #steered: (error: unknown) => Error;
  readonly #probe: () => Promise<void>;
  #producer: LetterProducer | null = null;

  constructor({ connection, topic }: KafkaDeadLetter, context: ComponentContext) {
    const kafka = kafkaConnection(connection, context);
    const options = connectionOptions(kafka, context);
    const name = clusterName(connection, kafka);
    this.#topic = topic;
    this.#steered = (error) => steered(error, name, true);
    this.#probe = async () => {
      await using cluster = new Cluster(connection, context);
      await cluster.anyBroker();
    };
    this.#connect = async () =>
      new Producer<Buffer, Buffer | null, Buffer, Buffer | null>({
        ...(await options(kafka.brokers[0]!.split(":")[0]!)),
        clientId: "snowline",
        bootstrapBrokers: [...kafka.brokers],
        idempotent: true,
        retries,
        retryDelay: retryDelayMs,
      });
  }

  async write(letters: readonly Letter[]): Promise<void> {
    if (letters.length === 0) return;
    try {
      this.#producer ??= await this.#connect();
      for (const messages of requests(letters.map((letter) => this.#message(letter)))) {
        await this.#producer.send({ messages, acks: allReplicas, compression: "zstd", autocreateTopics: true });
      }
    } catch (error) {
      // The next call connects again, with credentials read anew.
      await this.#close();
      const explained = this.#explained(error);
      // The producer keeps to itself why a connection was closed; a connection of our own tells.
      if (explained instanceof NotConnected) await this.#probe();
      throw explained;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    await producer?.close().catch(() => {});
  }

  #message(letter: Letter): LetterMessage {
    const headers = new Map<Buffer, Buffer | null>();
    // Each name is a buffer of its own, so that equal names stay several headers.
    for (const { name, value } of letterHeaders(letter)) headers.set(Buffer.from(name), value);
    return {
      topic: this.#topic,
      partition: partitionHash(letter),
      ...(letter.key === null ? {} : { key: letter.key }),
      value: letter.value,
      headers,
    };
  }

  #explained(error: unknown): Error {
    const errors = brokerErrors(error);
    const place = `dead letters: topic "${this.#topic}"`;
    if (errors.includes("UNKNOWN_TOPIC_OR_PARTITION") || /Unknown topic/.test(String(error))) {
      return new NotConnected(`${place} does not exist. Create it, or let the brokers create topics; we try again`);
    }
    if (errors.some((name) => name === "MESSAGE_TOO_LARGE" || name === "RECORD_LIST_TOO_LARGE")) {
      return new Terminal(
        "LetterTooLarge",
        `${place} does not take so large a record. Raise the topic's max.message.bytes above the source topic's`,
      );
    }
    return this.#steered(error);
  }
}

/** Cuts messages into requests of bounded size; a larger message goes alone. */
function* requests(messages: readonly LetterMessage[]): Generator<LetterMessage[]> {
  let request: LetterMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = (message.key?.length ?? 0) + (message.value?.length ?? 0) + headerBytes;
    if (request.length > 0 && bytes + size > requestBytesMax) {
      yield request;
      request = [];
      bytes = 0;
    }
    request.push(message);
    bytes += size;
  }
  if (request.length > 0) yield request;
}

/** Depends on the record's topic and partition alone: letters of one partition stay in order. The producer takes it modulo. */
function partitionHash({ topic, partition }: Letter): number {
  return createHash("sha256").update(`${topic}/${partition}`).digest().readUInt32BE(0) >>> 1;
}
