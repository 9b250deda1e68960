import { createAPI, fetchV13, fetchV17, type Reader } from "@platformatic/kafka";
import { type Broker, speaks } from "./cluster.ts";
import type { AbortedTransaction } from "./aborted-transactions.ts";

/** What to fetch of one partition. */
export interface WantedPartition {
  readonly topicId: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly offset: number;
  readonly bytesMax: number;
}

/** A broker's answer to a fetch. */
export interface FetchAnswer {
  /** How long the broker asks us not to fetch from it (a quota, KIP-219). */
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}
/** What a fetch brought of one partition. */
export interface FetchedPartition {
  readonly topicId: string;
  readonly partition: number;
  readonly errorCode: number;
  /** The first offset readers of committed records cannot read yet. */
  readonly lastStableOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches; the last one may be cut. Empty where there is nothing new. */
  readonly records: Buffer;
}

/** Bounds of one fetch. */
export interface FetchLimits {
  /** How long the broker waits for something to say. */
  readonly waitMs: number;
  /** Bytes of the whole answer; only one record batch alone may be longer. */
  readonly bytesMax: number;
}

const readCommitted = 1;
/** Each request names all it wants: no fetch session to lose (KIP-227). */
const noSession = { id: 0, epoch: -1 };
const nothing = Buffer.alloc(0);

const fetch17 = createAPI<Parameters<typeof fetchV17.createRequest>, FetchAnswer>(1, 17, fetchV17.createRequest, parse);
const fetch13 = createAPI<Parameters<typeof fetchV13.createRequest>, FetchAnswer>(1, 13, fetchV13.createRequest, parse);

/** Fetches record batches as they are. The client's own parser would make an object of each record. */
export async function fetchRecords(
  broker: Broker,
  wanted: readonly WantedPartition[],
  limits: FetchLimits,
): Promise<FetchAnswer> {
  const api = speaks(broker, fetch17) ? fetch17 : fetch13;
  const topics = Map.groupBy(wanted, ({ topicId }) => topicId);
  const requested = [...topics].map(([topicId, partitions]) => ({
    topicId,
    partitions: partitions.map(({ partition, leaderEpoch, offset, bytesMax }) => ({
      partition,
      currentLeaderEpoch: leaderEpoch,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: bytesMax,
    })),
  }));
  return api.async(
    broker.connection,
    limits.waitMs,
    1,
    limits.bytesMax,
    readCommitted,
    noSession.id,
    noSession.epoch,
    requested,
    [],
    "",
  );
}

/** Versions 13 to 17 answer alike. https://kafka.apache.org/protocol#The_Messages_Fetch */
function parse(_correlationId: number, _key: number, _version: number, reader: Reader): FetchAnswer {
  const throttleMs = reader.readInt32();
  const errorCode = reader.readInt16();
  reader.readInt32();
  const partitions: FetchedPartition[] = [];
  reader.readArray(() => {
    const topicId = reader.readUUID();
    reader.readArray(() => partitions.push(parsePartition(reader, topicId)));
  });
  return { throttleMs, errorCode, partitions };
}

function parsePartition(reader: Reader, topicId: string): FetchedPartition {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  reader.readInt64();
  const lastStableOffset = Number(reader.readInt64());
  reader.readInt64();
  const aborted =
    reader.readNullableArray(() => ({ producerId: Number(reader.readInt64()), firstOffset: Number(reader.readInt64()) })) ?? [];
  reader.readInt32();
  const length = Math.max(reader.readUnsignedVarInt() - 1, 0);
  const records = length === 0 ? nothing : reader.buffer.slice(reader.position, reader.position + length);
  reader.skip(length);
  return { topicId, partition, errorCode, lastStableOffset, aborted, records };
}
