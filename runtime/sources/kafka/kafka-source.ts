import { consumerGroupOf, type KafkaSource } from "../../../crds/connectors/kafka.ts";
import type { Batch } from "../../component/batch.ts";
import type { ComponentContext } from "../../component/context.ts";
import { NotConnected } from "../../component/errors.ts";
import type { Move, Position, Split } from "../../component/position.ts";
import type { Format } from "../../component/record.ts";
import type { Read, Source, SplitProgress } from "../../component/source.ts";
import { passTombstone } from "../../component/tombstones.ts";
import { Cluster, type Topic } from "../../kafka/cluster.ts";
import { FirstStarts } from "./first-starts.ts";
import { joinGroup } from "./group.ts";
import { type KafkaLimits, kafkaLimits } from "../../kafka/kafka-limits.ts";
import { type Assignment, type Membership, type OffsetToCommit } from "./membership.ts";
import { OffsetMirror } from "./offset-mirror.ts";
import { kafkaPosition } from "../../kafka/kafka-position.ts";
import { RecordStream } from "../../kafka/record-stream.ts";
import { type Start, startOffset } from "./start-offset.ts";
import { chosenTopics, requireNamed, topicChoice, type TopicChoice, watchTopics } from "./topics.ts";

/** How long the mirror may take to be right before the group is left: a rebalance, in which no commit is taken, lasts about a second. */
const mirrorMs = 1_500;

/** What brokers told of topics so recently holds for the next split as well. */
const topicsFreshMs = 1000;

/**
 * Opens a source of Kafka topics. Nothing is connected yet: `splits` does that, joins the consumer group and waits for a first
 * assignment. Throws Terminal where the spec cannot be (no such connection, a pattern that is none).
 */
export async function openKafkaSource(
  spec: KafkaSource,
  format: Format,
  context: ComponentContext,
  limits: KafkaLimits = kafkaLimits,
): Promise<Source> {
  return new KafkaRecords(spec, format, context, limits);
}

class KafkaRecords implements Source {
  readonly #spec: KafkaSource;
  readonly #context: ComponentContext;
  readonly #limits: KafkaLimits;
  readonly #choice: TopicChoice;
  readonly #cluster: Cluster;
  readonly #stream: RecordStream;
  readonly #mirror: OffsetMirror;
  readonly #closing = new AbortController();
  readonly #firstStarts = new FirstStarts();
  /** Partitions of all chosen topics; null before the first look. */
  #partitionsTotal: number | null = null;
  #joining: Promise<Membership> | null = null;
  #membership: Membership | null = null;
  /** The assignment that `splits` last told. */
  #told: Assignment | null = null;
  /** Partitions that are no longer ours, of which records may yet be loaded: by `topic/partition`. */
  readonly #leaving = new Map<string, Pick<OffsetToCommit, "topic" | "partition">>();
  #known: { readonly topics: ReadonlyMap<string, Topic>; readonly atMs: number } | null = null;

  constructor(spec: KafkaSource, format: Format, context: ComponentContext, limits: KafkaLimits) {
    this.#spec = spec;
    this.#context = context;
    this.#limits = limits;
    this.#choice = topicChoice(spec);
    this.#cluster = new Cluster(spec.connection, context);
    this.#stream = new RecordStream({
      cluster: this.#cluster,
      context,
      limits,
      fetchWaitMs: spec.fetchWaitMs,
      take: (record, into) => (passTombstone(record, into, spec.tombstones) || into.append(record, format) ? "taken" : "wait"),
      prepare: (record) => format.prepare?.(record),
      interruption: () =>
        this.#membership !== null && this.#membership.assignment !== this.#told ? { kind: "assignment" } : null,
      failure: () => this.#membership?.failure ?? null,
    });
    this.#mirror = new OffsetMirror({
      log: context.log,
      commit: (offsets) => this.#membership?.commit(offsets) ?? Promise.resolve(),
      owned: (topic, partition) =>
        this.#leaving.has(`${topic}/${partition}`) ||
        (this.#stream.open.has(`${topic}/${partition}`) &&
          (this.#membership?.assignment?.partitions.get(topic)?.includes(partition) ?? false)),
    });
  }

  async splits(signal: AbortSignal): Promise<readonly Split[]> {
    const membership = await this.#join();
    while (membership.assignment === null) {
      signal.throwIfAborted();
      const reason = membership.failure ?? membership.trouble;
      if (reason !== null) throw reason;
      await this.#stream.pause(signal);
    }
    const told = membership.assignment;
    if (told !== this.#told) this.#firstStarts.assigned();
    this.#told = told;
    const splits = [...told.partitions].flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ id: `${topic}/${partition}`, topic, partition })),
    );
    const ours = new Set(splits.map(({ id }) => id));
    for (const [id, { fetched }] of this.#stream.open) {
      if (ours.has(id)) continue;
      this.#leaving.set(id, { topic: fetched.topic, partition: fetched.partition });
      this.#stream.release(id);
    }
    return splits;
  }

  handOver(): void {
    this.#leaving.clear();
    if (this.#told !== null) this.#membership?.confirm(this.#told);
  }

  splitsTotal(): number | null {
    return this.#partitionsTotal;
  }

  async open(split: Split, position: Position | null): Promise<void> {
    const stored = position === null ? null : kafkaPosition(split.id, position);
    const { id, partition } = split;
    const topic = await this.#topic(split);
    if (stored !== null) this.#firstStarts.stored(topic);
    if (stored !== null && stored.topicId === topic.id) {
      this.#stream.start({ id, topic, partition, position, offset: stored.offset, stored: true, pinned: false });
      // Who loaded it may have ended before the mirror knew: without a new record nobody would ever tell it.
      return this.#mirror.note([{ topic: topic.name, partition, offset: stored.offset }]);
    }
    if (stored !== null) {
      const fields = { topic: topic.name, partition, formerId: stored.topicId, id: topic.id, formerOffset: stored.offset };
      this.#context.log.warn(fields, "kafka topic was made again: reading it from its beginning");
    }
    const start =
      stored === null
        ? await this.#firstStart(topic, partition)
        : await startOffset("earliest", this.#cluster, { topic, partition, late: true });
    return this.#stream.start({ id, topic, partition, position, stored: false, ...start });
  }

  release(split: string): void {
    this.#stream.release(split);
  }

  read(into: Batch, signal: AbortSignal): Promise<Read> {
    return this.#stream.read(into, signal);
  }

  progress(): readonly SplitProgress[] {
    return this.#stream.progress();
  }

  loaded(moves: readonly Move[]): void {
    const offsets = moves.flatMap(({ split, to }) => {
      const fetched = this.#stream.open.get(split)?.fetched ?? this.#leaving.get(split);
      return fetched === undefined
        ? []
        : [{ topic: fetched.topic, partition: fetched.partition, offset: kafkaPosition(split, to).offset }];
    });
    if (offsets.length > 0) this.#mirror.note(offsets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#stream[Symbol.asyncDispose]();
    await this.#mirror.settled(mirrorMs);
    const membership = await this.#joining?.catch(() => null);
    await membership?.[Symbol.asyncDispose]();
    await this.#cluster[Symbol.asyncDispose]();
  }

  /** Where a partition starts of which nothing is stored; the same again until it is. */
  async #firstStart(topic: Topic, partition: number): Promise<Start> {
    const known = this.#firstStarts.start(topic, partition);
    if (known !== undefined) return known;
    const late = this.#firstStarts.late(topic, partition);
    const start = await startOffset(this.#spec.startFrom, this.#cluster, { topic, partition, late });
    if (start.pinned) this.#firstStarts.started(topic, partition, start);
    return start;
  }

  #look(topics: ReadonlyMap<string, Topic>): void {
    this.#firstStarts.look(topics);
    this.#partitionsTotal = [...topics.values()].reduce((sum, { leaders }) => sum + leaders.length, 0);
  }

  #join(): Promise<Membership> {
    this.#joining ??= this.#start().catch((error: unknown) => {
      this.#joining = null;
      throw error;
    });
    return this.#joining;
  }

  async #start(): Promise<Membership> {
    const { log, pipeline } = this.#context;
    const topics = await chosenTopics(this.#cluster, this.#choice);
    requireNamed(this.#choice, topics, this.#cluster);
    this.#look(topics);
    if (topics.size === 0) log.warn({ pattern: this.#spec.topicPattern }, "no kafka topic matches the pattern yet");
    const groupId = consumerGroupOf(this.#spec, pipeline);
    const membership = await joinGroup(
      { cluster: this.#cluster, groupId, limits: this.#limits, log, onChange: () => this.#stream.wake() },
      topics,
    );
    this.#membership = membership;
    const onChange = (changed: ReadonlyMap<string, Topic>) => {
      this.#look(changed);
      membership.subscribe(changed);
    };
    void watchTopics({
      cluster: this.#cluster,
      choice: this.#choice,
      topics,
      everyMs: this.#limits.topicRefreshMs,
      signal: this.#closing.signal,
      log,
      onChange,
    });
    return membership;
  }

  /** The topic as the brokers know it now; many splits of it are opened one after the other. */
  async #topic({ topic: name, partition }: Split): Promise<Topic> {
    const now = this.#context.now();
    const known = this.#known;
    if (known === null || now - known.atMs > topicsFreshMs || (known.topics.get(name)?.leaders[partition]?.node ?? -1) < 0) {
      const names = new Set([name, ...(this.#told?.partitions.keys() ?? [])]);
      this.#known = { topics: await this.#cluster.topics([...names]), atMs: now };
    }
    const topic = this.#known?.topics.get(name);
    if (topic === undefined) throw new NotConnected(`kafka topic "${name}": not found on ${this.#cluster.bootstrap}`);
    return topic;
  }
}
