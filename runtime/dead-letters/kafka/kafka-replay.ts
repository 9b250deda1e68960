import type { KafkaDeadLetter } from "../../../crds/connectors/kafka.ts";
import { Batch } from "../../component/batch.ts";
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
import { RecordStream, type RecordStreamParts } from "../../kafka/record-stream.ts";
import { readLetterHeaders } from "./letter-headers.ts";

/** A letter on its way into the batch, by where its own record is. */
interface Held {
  readonly partition: number;
  readonly offset: number;
  readonly letter: Letter;
  readonly view: RecordView;
  readonly format: Format;
}

/** No source's split begins so. */
const splitPrefix = "replay:";
/** A replay reads what is there; how long a broker holds back an answer hardly matters. */
const fetchWaitMs = 500;
/** What to do about more letters than a replay can tell apart. */
const tooMany = "in one topic. Delete the records that were replayed, then replay the rest";

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
  /** Reads once more what lies before the open splits, for what it was about. */
  readonly #former: RecordStream;
  /** Ends by partition, as they were first. */
  #ends: readonly number[] | null = null;
  #topic: Topic | null = null;
  /** First offsets by split id, as they were when it was opened. */
  readonly #firsts = new Map<string, number>();
  /** Of all partitions: a letter that is written again may be in another one than the first, once there are more. */
  #seen = new SeenLetters(tooMany);
  /** True: `#seen` has all letters that lie before the open splits. */
  #seenFormer = false;
  /** The letter that waits for its format, or that could not be appended. */
  #held: Held | null = null;

  constructor(spec: KafkaDeadLetter, format: Format, context: ComponentContext, options: KafkaReplayOptions) {
    this.#spec = spec;
    this.#format = format;
    this.#pipeline = `${context.pipeline.namespace}/${context.pipeline.name}`;
    this.#tombstones = options.tombstones ?? "reject";
    this.#cluster = new Cluster(spec.connection, context);
    const stream = (parts: Pick<RecordStreamParts, "take" | "prepare">): RecordStream => {
      const made: RecordStream = new RecordStream({
        cluster: this.#cluster,
        context,
        limits: options.limits ?? kafkaLimits,
        fetchWaitMs,
        ...parts,
        interruption: () => (ended(made) ? { kind: "ended" } : null),
        failure: () => null,
      });
      return made;
    };
    this.#stream = stream({
      take: (record, into) => this.#take(record, into),
      prepare: () => this.#held!.format.prepare?.(this.#held!.view),
    });
    this.#former = stream({ take: (record) => this.#takeFormer(record), prepare: () => undefined });
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
    const first = await this.#cluster.offsetAt(topic, partition, earliest);
    const offset = stored?.topicId === topic.id ? Math.max(stored.offset, first) : first;
    this.#forget(id, partition);
    this.#firsts.set(id, first);
    this.#stream.start({ id, topic, partition, position, offset, stored: false, pinned: false, until: Math.max(end, offset) });
  }

  release(split: string): void {
    const opened = this.#stream.open.get(split);
    if (opened === undefined) return;
    this.#forget(split, opened.fetched.partition);
    this.#stream.release(split);
  }

  async read(into: Batch, signal: AbortSignal): Promise<Read> {
    if (!ended(this.#stream) && !this.#seenFormer && !(await this.#readFormer(signal))) return { kind: "interrupted" };
    return this.#stream.read(into, signal);
  }

  progress(): readonly SplitProgress[] {
    return this.#stream
      .progress()
      .map((progress) => ({ ...progress, end: this.#stream.open.get(progress.split)?.until ?? null }));
  }

  loaded(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#former[Symbol.asyncDispose]();
    await this.#stream[Symbol.asyncDispose]();
    await this.#cluster[Symbol.asyncDispose]();
  }

  /** What lies before the open splits is no longer what was read of it. */
  #forget(id: string, partition: number): void {
    if (this.#held?.partition === partition) this.#held = null;
    this.#firsts.delete(id);
    for (const former of this.#former.open.keys()) this.#former.release(former);
    this.#seenFormer = false;
  }

  /** Reads what former replays, or this one, are done with; false where the signal aborted first. */
  async #readFormer(signal: AbortSignal): Promise<boolean> {
    const topic = this.#topic!;
    if (this.#former.open.size === 0) {
      this.#seen = new SeenLetters(tooMany);
      if (this.#held !== null) this.#seen.add(this.#held.letter);
      for (const { id, at, fetched } of this.#stream.open.values()) {
        const { partition } = fetched;
        const offset = this.#firsts.get(id)!;
        this.#former.start({ id, topic, partition, position: null, offset, stored: false, pinned: false, until: at });
      }
    }
    const passedOver = new Batch([], { bytesMax: 1, recordsMax: 1 });
    for (let kind: Read["kind"] = "read"; kind !== "ended"; passedOver.clear()) {
      ({ kind } = await this.#former.read(passedOver, signal));
      if (kind === "interrupted") return false;
    }
    for (const id of this.#former.open.keys()) this.#former.release(id);
    return (this.#seenFormer = true);
  }

  #takeFormer(record: RecordView): Taken {
    if (record.offset < (this.#former.open.get(splitOf(record))?.until ?? 0)) {
      const letter = this.#letter(record);
      if (letter !== null) this.#seen.add(letter);
    }
    return "taken";
  }

  #take(record: RecordView, into: Batch): Taken {
    const held = this.#held;
    if (held !== null && held.partition === record.partition && held.offset === record.offset) return this.#append(held, into);
    if (record.offset >= (this.#stream.open.get(splitOf(record))?.until ?? 0)) return "taken";
    const letter = this.#letter(record);
    if (letter === null) return "taken";
    if (!this.#seen.add(letter)) {
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
    if (typeof format !== "string") {
      const { partition, offset } = record;
      return this.#append({ partition, offset, letter, view, format }, into);
    }
    into.reject(view, format);
    return "taken";
  }

  /** The letter of this pipeline that a record is, or null. */
  #letter(record: RecordView): Letter | null {
    const original = record.chunk.original(record.start);
    const headers = readLetterHeaders(original.headers);
    return headers === null || headers.pipeline !== this.#pipeline ? null : { ...original, ...headers };
  }

  #append(held: Held, into: Batch): Taken {
    // Also where it throws: the letter counts as seen and is tried again.
    this.#held = held;
    if (!passTombstone(held.view, into, this.#tombstones) && !into.append(held.view, held.format)) return "wait";
    this.#held = null;
    return "taken";
  }
}

const splitOf = ({ topic, partition }: RecordView): string => `${splitPrefix}${topic}/${partition}`;

/** True where every open split is read up to where it ends; a log that was cut ends sooner. */
function ended(stream: RecordStream): boolean {
  return [...stream.open.values()].every(({ at, until, fetched }) => at >= Math.min(until, fetched.end ?? Infinity));
}
