import type { KafkaDeadLetter } from "../../../crds/connectors/kafka.ts";
import type { Batch } from "../../component/batch.ts";
import type { ComponentContext } from "../../component/context.ts";
import { type Letter, replayed } from "../../component/dead-letters.ts";
import { Terminal } from "../../component/errors.ts";
import type { Position, Split } from "../../component/position.ts";
import { type Format, formatOf, type RecordView } from "../../component/record.ts";
import type { Read, Source, SplitProgress } from "../../component/source.ts";
import { SeenLetters } from "../../component/seen-letters.ts";
import { passTombstone, type Tombstones } from "../../component/tombstones.ts";
import { Cluster, earliest, latest, type Topic } from "../../kafka/cluster.ts";
import { type KafkaLimits, kafkaLimits } from "../../kafka/kafka-limits.ts";
import { kafkaPosition } from "../../kafka/kafka-position.ts";
import type { Taken } from "../../kafka/piece-reader.ts";
import { RecordStream } from "../../kafka/record-stream.ts";
import { readLetterHeaders } from "./letter-headers.ts";

/** No source's split begins so. */
const splitPrefix = "replay:";
/** A replay reads what is there; how long a broker holds back an answer hardly matters. */
const fetchWaitMs = 500;
/** What to do about more letters than a replay can tell apart. */
const tooMany = "in one partition. Delete the records that were replayed, then replay the rest";

/** What the dead letter's spec does not say. */
export interface KafkaReplayOptions {
  /** What becomes of letters of tombstones: as the source has it. Default: they are refused again. */
  readonly tombstones?: Tombstones;
  readonly limits?: KafkaLimits;
}

/**
 * The pipeline's dead letters of a topic as the records they were, with their own topic, partition, offset, timestamp, key,
 * value and headers. Each partition is a split; the source ends at the ends that it finds first. A letter about a record that
 * an earlier one was about is passed over, also where a former replay read that one, so that a repeated letter makes no second
 * row; letters of other pipelines and records that are no letters are passed over too. No consumer group has a part in it.
 */
export async function openKafkaReplay(
  spec: KafkaDeadLetter,
  format: Format,
  context: ComponentContext,
  options: KafkaReplayOptions = {},
): Promise<Source> {
  return new KafkaReplay(spec, format, context, options);
}

class KafkaReplay implements Source {
  readonly #spec: KafkaDeadLetter;
  readonly #format: Format;
  readonly #pipeline: string;
  readonly #tombstones: Tombstones;
  readonly #cluster: Cluster;
  readonly #stream: RecordStream;
  /** Ends by partition, as they were first. */
  #ends: readonly number[] | null = null;
  #topic: Topic | null = null;
  /** By partition: all letters about one record are in one. */
  readonly #seen = new Map<number, SeenLetters>();
  /** The letter that waits for its format. */
  #held: { readonly view: RecordView; readonly format: Format } | null = null;

  constructor(spec: KafkaDeadLetter, format: Format, context: ComponentContext, options: KafkaReplayOptions) {
    this.#spec = spec;
    this.#format = format;
    this.#pipeline = `${context.pipeline.namespace}/${context.pipeline.name}`;
    this.#tombstones = options.tombstones ?? "reject";
    this.#cluster = new Cluster(spec.connection, context);
    this.#stream = new RecordStream({
      cluster: this.#cluster,
      context,
      limits: options.limits ?? kafkaLimits,
      fetchWaitMs,
      take: (record, into) => this.#take(record, into),
      prepare: () => this.#held!.format.prepare?.(this.#held!.view),
      interruption: () => (this.#ended() ? { kind: "ended" } : null),
      failure: () => null,
    });
  }

  async splits(): Promise<readonly Split[]> {
    if (this.#ends === null) {
      const topic = (await this.#cluster.topics([this.#spec.topic])).get(this.#spec.topic);
      if (topic === undefined)
        throw new Terminal(
          "LettersMissing",
          `dead letters: topic "${this.#spec.topic}" does not exist: there is nothing to replay`,
        );
      this.#topic = topic;
      this.#ends = await Promise.all(topic.leaders.map((_, partition) => this.#cluster.offsetAt(topic, partition, latest)));
    }
    return this.#ends.map((_, partition) => ({
      id: `${splitPrefix}${this.#spec.topic}/${partition}`,
      topic: this.#spec.topic,
      partition,
    }));
  }

  async open({ id, partition }: Split, position: Position | null): Promise<void> {
    const topic = this.#topic;
    const end = this.#ends?.[partition];
    if (topic === null || end === undefined) throw new Error(`${id}: is none of the partitions that splits() told`);
    const stored = position === null ? null : kafkaPosition(id, position);
    const quietUntil = stored?.topicId === topic.id ? stored.offset : 0;
    const first = await this.#cluster.offsetAt(topic, partition, earliest);
    // What former replays are done with is read once more, for what it was about.
    const offset = quietUntil >= end ? end : first;
    this.#seen.set(partition, new SeenLetters(tooMany));
    this.#held = null;
    this.#stream.start({
      id,
      topic,
      partition,
      position,
      offset,
      stored: false,
      pinned: false,
      quietUntil,
      until: Math.max(end, quietUntil),
    });
  }

  release(split: string): void {
    this.#held = null;
    this.#stream.release(split);
  }

  read(into: Batch, signal: AbortSignal): Promise<Read> {
    return this.#stream.read(into, signal);
  }

  progress(): readonly SplitProgress[] {
    return this.#stream
      .progress()
      .map((progress) => ({ ...progress, end: this.#stream.open.get(progress.split)?.until ?? null }));
  }

  loaded(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream[Symbol.asyncDispose]();
    await this.#cluster[Symbol.asyncDispose]();
  }

  #ended(): boolean {
    return [...this.#stream.open.values()].every(({ at, until }) => at >= until);
  }

  #take(record: RecordView, into: Batch): Taken {
    if (this.#held !== null) return this.#append(this.#held.view, this.#held.format, into);
    const split = this.#stream.open.get(`${splitPrefix}${record.topic}/${record.partition}`);
    if (split === undefined || record.offset >= split.until) return "taken";
    const original = record.chunk.original(record.start);
    const headers = readLetterHeaders(original.headers);
    if (headers === null || headers.pipeline !== this.#pipeline) return "taken";
    const letter: Letter = { ...original, ...headers };
    const first = this.#seen.get(record.partition)!.add(letter);
    if (record.offset < split.quietUntil) return "taken";
    if (!first) {
      into.skip();
      return "taken";
    }
    const shown = replayed(letter);
    const view: RecordView = {
      ...record,
      chunk: { byteLength: record.valueEnd - record.valueStart, original: () => shown },
      topic: letter.topic,
      partition: letter.partition,
      offset: letter.offset,
      timestampMs: letter.timestampMs,
    };
    const format = formatOf(letter, this.#format);
    if (typeof format !== "string") return this.#append(view, format, into);
    into.reject(view, format);
    return "taken";
  }

  #append(view: RecordView, format: Format, into: Batch): Taken {
    this.#held = null;
    if (passTombstone(view, into, this.#tombstones) || into.append(view, format)) return "taken";
    this.#held = { view, format };
    return "wait";
  }
}
