import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { Terminal } from "../component/errors.ts";
import { type Cluster, earliest, latest, type Topic } from "./cluster.ts";
import { Backoff } from "./backoff.ts";
import { CorruptRecords } from "./byte-reader.ts";
import type { FetchedSplit } from "./fetched-split.ts";
import { type FetchAnswer, type FetchedPartition, fetchRecords } from "./fetch-api.ts";
import type { KafkaLimits } from "./kafka-limits.ts";
import { batchBytes, checkBatch, readBatch } from "./record-batch.ts";
import { refreshEnds } from "./refresh-ends.ts";
import type { FetchedRecords } from "./record-reader.ts";

/** What one fetch brought of one partition; nothing, where it only says from which offset to go on. */
export interface Piece {
  readonly split: FetchedSplit;
  readonly topicId: string;
  readonly records: FetchedRecords;
}

/** Brokers that do not answer. */
export interface Trouble {
  readonly error: Error;
  readonly sinceMs: number;
}

/** What a fetcher works with. */
export interface FetcherParts {
  readonly cluster: Cluster;
  readonly limits: KafkaLimits;
  readonly waitMs: number;
  readonly log: Logger;
  readonly now: () => number;
  /** Called when there is a piece, a failure or trouble. */
  readonly onChange: () => void;
}

/** Attempts at a record batch that cannot be read: a bad network heals, a bad disk does not. */
const badTimesMax = 4;

/** How often the partitions' ends are asked for while the queue is full: lag and arrivals must stay true behind a slow sink. */
const endsEveryMs = 2000;

const nothing = Buffer.alloc(0);

/** Kafka's error codes of a partition. https://kafka.apache.org/protocol#protocol_error_codes */
const offsetOutOfRange = 1;
const corruptMessage = 2;
const topicAuthorizationFailed = 29;

/**
 * Fetches record batches of many partitions, one request at a time from each broker, into a queue that is bounded in bytes.
 * It finds leaders again when they move and topics when they are made again, and waits out brokers that are away.
 */
export class Fetcher implements AsyncDisposable {
  readonly #parts: FetcherParts;
  readonly #splits = new Set<FetchedSplit>();
  readonly #queue: Piece[] = [];
  readonly #busy = new Set<number>();
  readonly #closing = new AbortController();
  readonly #backoff = new Backoff();
  #queueBytes = 0;
  #refreshing = false;
  #askingEnds = false;
  #turn = 0;
  #failure: Error | null = null;
  /** By node id; null: no broker tells who leads. */
  readonly #troubles = new Map<number | null, Trouble>();

  constructor(parts: FetcherParts) {
    this.#parts = parts;
  }

  /** What ended the fetching for good. */
  get failure(): Error | null {
    return this.#failure;
  }
  /** What brokers did not answer, and since when; null while all is well. */
  get trouble(): Trouble | null {
    // A map keeps the order in which it was filled: the first is the oldest.
    return this.#troubles.values().next().value ?? null;
  }

  /** Fetches this partition from now on. */
  add(split: FetchedSplit): void {
    this.#splits.add(split);
    this.#kick();
  }

  /** Fetches it no more and forgets what of it is queued. */
  remove(split: FetchedSplit): void {
    this.#splits.delete(split);
    this.#forget(split);
    this.#kick();
  }

  /** The oldest piece of the queue. */
  take(): Piece | undefined {
    const piece = this.#queue.shift();
    if (piece !== undefined) this.#queueBytes -= piece.records.bytes.length;
    this.#kick();
    return piece;
  }

  /** A piece whose records could not be read from `offset` on: they are fetched again, a few times. */
  unreadable({ split, topicId }: Piece, offset: number, error: CorruptRecords): void {
    // A former topic's records cannot be fetched again.
    if (!this.#splits.has(split) || split.topicId !== topicId) return;
    this.#forget(split);
    split.offset = offset;
    this.#bad(split, error);
    this.#kick();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#splits.clear();
    this.#queue.length = 0;
  }

  #forget(split: FetchedSplit): void {
    for (let at = this.#queue.length - 1; at >= 0; at--) {
      if (this.#queue[at]!.split === split) this.#queueBytes -= this.#queue.splice(at, 1)[0]!.records.bytes.length;
    }
  }

  /** Starts what can be started. */
  #kick(): void {
    if (this.#closing.signal.aborted || this.#failure !== null) return;
    const nodes = new Set<number>();
    for (const { leader } of this.#splits) {
      if (leader === null) this.#refresh();
      else nodes.add(leader);
    }
    if (this.#full) return this.#askEnds();
    for (const node of nodes) if (!this.#busy.has(node)) this.#fetch(node);
  }

  get #full(): boolean {
    return this.#queueBytes >= this.#parts.limits.queueBytesMax;
  }

  /** While nothing is fetched no answer tells where the partitions end. */
  #askEnds(): void {
    if (this.#askingEnds) return;
    this.#askingEnds = true;
    void this.#askEndsLoop().finally(() => (this.#askingEnds = false));
  }

  async #askEndsLoop(): Promise<void> {
    const { cluster, log } = this.#parts;
    for (;;) {
      await this.#pause(endsEveryMs);
      if (!this.#full || this.#closing.signal.aborted) return;
      // Whoever does not answer is told of by the next fetch.
      await refreshEnds(cluster, [...this.#splits]).catch((error: unknown) =>
        log.debug({ reason: error instanceof Error ? error.message : String(error) }, "kafka partitions' ends are not known now"),
      );
    }
  }

  #fetch(node: number): void {
    this.#busy.add(node);
    this.#fetchOnce(node)
      .catch((error: unknown) => this.#failed(error, node))
      .finally(() => {
        this.#busy.delete(node);
        this.#kick();
      });
  }

  async #fetchOnce(node: number): Promise<void> {
    const { cluster, limits, waitMs, log } = this.#parts;
    const splits = this.#inTurn(node);
    const asked = splits.map(({ topicId, offset }) => ({ topicId, offset }));
    const wanted = splits.map(({ topicId, partition, leaderEpoch, offset, bytesMax }) => ({
      topicId,
      partition,
      leaderEpoch,
      offset,
      bytesMax,
    }));
    const bytesMax = Math.max(limits.fetchBytesMax, ...splits.map((split) => split.bytesMax));
    const broker = await cluster.broker(node, "fetch");
    const answer = await cluster.call(broker, (it) => fetchRecords(it, wanted, { waitMs, bytesMax }));
    this.#troubles.delete(node);
    if (this.#closing.signal.aborted) return;
    await this.#take(
      answer,
      splits.filter((split, at) => this.#standsAt(split, asked[at]!)),
    );
    if (answer.throttleMs > 0) {
      log.debug({ node, throttleMs: answer.throttleMs }, "kafka broker throttles the fetching");
      await this.#pause(answer.throttleMs);
    }
  }

  /** The broker's partitions, another one first each time: a full answer has no room for the last. */
  #inTurn(node: number): FetchedSplit[] {
    const splits = [...this.#splits].filter(({ leader }) => leader === node);
    const first = this.#turn++ % splits.length;
    const { partitionBytesMax } = this.#parts.limits;
    return [...splits.slice(first), ...splits.slice(0, first)].toSorted(
      (a, b) => Number(b.bytesMax > partitionBytesMax) - Number(a.bytesMax > partitionBytesMax),
    );
  }

  /** True: the split is fetched and has not moved, so that an answer about this offset of this topic is about it. */
  #standsAt(split: FetchedSplit, { topicId, offset }: Pick<FetchedSplit, "topicId" | "offset">): boolean {
    return this.#splits.has(split) && split.topicId === topicId && split.offset === offset;
  }

  /** Takes an answer for splits that have not moved since they were asked for. */
  async #take(answer: FetchAnswer, splits: readonly FetchedSplit[]): Promise<void> {
    // Such an error is the whole answer's: the broker does not know one of the topics, or not yet.
    if (answer.errorCode !== 0) for (const split of splits) split.leader = null;
    const byName = new Map(splits.map((split) => [`${split.topicId}/${split.partition}`, split]));
    const refused: { readonly split: FetchedSplit; readonly offset: number; readonly fetched: FetchedPartition }[] = [];
    for (const fetched of answer.partitions) {
      const split = byName.get(`${fetched.topicId}/${fetched.partition}`);
      if (split === undefined) continue;
      if (fetched.errorCode === 0) this.#enqueue(split, fetched);
      else refused.push({ split, offset: split.offset, fetched });
    }
    // Errors take time, in which splits come, go and move: the records had to be queued first.
    for (const { split, offset, fetched } of refused)
      if (this.#standsAt(split, { topicId: fetched.topicId, offset })) await this.#partitionError(split, fetched.errorCode);
  }

  #enqueue(split: FetchedSplit, fetched: FetchedPartition): void {
    split.end = fetched.lastStableOffset;
    const { records } = fetched;
    if (records.length === 0) return;
    const from = split.offset;
    let end = 0;
    try {
      for (let batch = readBatch(records, 0, records.length); batch !== null; batch = readBatch(records, end, records.length)) {
        checkBatch(records, batch);
        end = batch.end;
        split.offset = Math.max(split.offset, batch.nextOffset);
      }
      split.bytesMax =
        end === 0
          ? Math.max(this.#parts.limits.partitionBytesMax, batchBytes(records, 0, records.length) ?? 0)
          : this.#parts.limits.partitionBytesMax;
    } catch (error) {
      if (!(error instanceof CorruptRecords)) throw error;
      this.#bad(split, error);
    }
    if (end === 0) return;
    split.stored = true;
    this.#push(split, { bytes: records, end, aborted: fetched.aborted, from });
  }

  #push(split: FetchedSplit, records: FetchedRecords): void {
    this.#queue.push({ split, topicId: split.topicId, records });
    this.#queueBytes += records.bytes.length;
    this.#parts.onChange();
  }

  /** Goes on from another offset than the one after the last record: a piece without a record makes that a move. */
  #jump(split: FetchedSplit, offset: number): void {
    split.offset = offset;
    this.#push(split, { bytes: nothing, end: 0, aborted: [], from: offset });
  }

  async #partitionError(split: FetchedSplit, errorCode: number): Promise<void> {
    switch (errorCode) {
      case offsetOutOfRange:
        return this.#outOfRange(split);
      case corruptMessage:
        return this.#bad(split, new CorruptRecords("the broker says the batch is corrupt"));
      case topicAuthorizationFailed:
        return this.#stop(
          new Terminal(
            "AuthorizationFailed",
            `topic "${split.topic}": the connection's user may not read it. Grant it Read and Describe`,
          ),
        );
      default:
        // Leadership moved, the topic was made again or is not known yet everywhere, a disk failed: who leads now?
        this.#parts.log.debug(
          { topic: split.topic, partition: split.partition, errorCode },
          "kafka partition has to be looked up again",
        );
        split.leader = null;
    }
  }

  /** The records at the offset are gone (retention), or the log was cut below it (an unclean election). */
  async #outOfRange(split: FetchedSplit): Promise<void> {
    const { cluster, log } = this.#parts;
    const { topicId, offset } = split;
    const topic = (await cluster.topics([split.topic])).get(split.topic);
    if (!this.#standsAt(split, { topicId, offset })) return;
    if (topic === undefined || topic.id !== topicId) {
      split.leader = null;
      return;
    }
    const [first, end] = await Promise.all([
      cluster.offsetAt(topic, split.partition, earliest),
      cluster.offsetAt(topic, split.partition, latest),
    ]);
    if (!this.#standsAt(split, { topicId, offset })) return;
    const to = offset < first ? first : Math.min(offset, end);
    if (to === offset) {
      // The brokers do not agree yet: who leads now?
      split.leader = null;
      return;
    }
    const fields = { topic: split.topic, partition: split.partition, from: offset, to, missing: Math.abs(to - offset) };
    if (split.stored && to > offset)
      log.error(fields, "kafka records are gone before they were read: retention was shorter than the lag");
    else if (split.stored) log.error(fields, "kafka log was cut below what was read: records were lost on the brokers");
    split.stored = true;
    this.#jump(split, to);
  }

  #bad(split: FetchedSplit, error: CorruptRecords): void {
    split.badTimes = split.badOffset === split.offset ? split.badTimes + 1 : 1;
    split.badOffset = split.offset;
    split.leader = null;
    const where = { topic: split.topic, partition: split.partition, offset: split.offset };
    this.#parts.log.warn({ ...where, attempt: split.badTimes, reason: error.message }, "kafka record batch cannot be read");
    if (split.badTimes < badTimesMax) return;
    const place = `${split.topic}/${split.partition} at offset ${split.offset}`;
    this.#stop(
      new Terminal(
        "CorruptRecords",
        `${place}: ${error.message}, in ${badTimesMax} attempts. Repair the partition's replica, or delete the records up to there`,
      ),
    );
  }

  /** Finds out who leads the partitions without a leader; one at a time, until all have one. */
  #refresh(): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    this.#refreshLoop()
      .catch((error: unknown) => this.#failed(error, null))
      .finally(() => {
        this.#refreshing = false;
        this.#kick();
      });
  }

  async #refreshLoop(): Promise<void> {
    const { cluster } = this.#parts;
    await this.#pause(this.#backoff.next());
    const lost = [...this.#splits].filter(({ leader }) => leader === null);
    if (lost.length === 0 || this.#closing.signal.aborted) return;
    const topics = await cluster.topics([...new Set(lost.map(({ topic }) => topic))]);
    for (const split of lost) {
      const topic = topics.get(split.topic);
      const leader = topic?.leaders[split.partition];
      if (topic === undefined || leader === undefined || leader.node < 0) continue;
      if (topic.id !== split.topicId) this.#madeAgain(split, topic);
      split.leader = leader.node;
      split.leaderEpoch = leader.epoch;
    }
    this.#troubles.delete(null);
    const leaders = new Set([...this.#splits].map((split) => split.leader));
    for (const node of this.#troubles.keys()) if (!leaders.has(node)) this.#troubles.delete(node);
    if (!leaders.has(null)) this.#backoff.reset();
  }

  /** The topic was deleted and made again: its new records begin at its beginning. */
  #madeAgain(split: FetchedSplit, topic: Topic): void {
    this.#parts.log.warn(
      { topic: split.topic, partition: split.partition, formerId: split.topicId, id: topic.id, formerOffset: split.offset },
      "kafka topic was made again: reading it from its beginning",
    );
    split.topicId = topic.id;
    split.stored = false;
    split.end = null;
    this.#jump(split, 0);
  }

  #failed(error: unknown, node: number | null): void {
    if (this.#closing.signal.aborted) return;
    if (error instanceof Terminal) return this.#stop(error);
    const failure = error instanceof Error ? error : new Error(String(error));
    if (!this.#troubles.has(node)) this.#troubles.set(node, { error: failure, sinceMs: this.#parts.now() });
    this.#parts.log.debug({ node, reason: failure.message }, "kafka broker does not answer");
    for (const split of this.#splits) if (split.leader === node) split.leader = null;
    this.#parts.onChange();
  }

  #stop(error: Error): void {
    this.#failure ??= error;
    this.#parts.onChange();
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => {});
  }
}
