import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { compressionsAlgorithms } from "@platformatic/kafka";
import kafkajs, { type Kafka, type Producer } from "kafkajs";

/** All that kafkajs lacks: it has gzip itself. Snappy in the bare format, which other producers than Java's write. */
const codecs = {
  [kafkajs.CompressionTypes.Snappy]: compressionsAlgorithms.snappy,
  [kafkajs.CompressionTypes.LZ4]: compressionsAlgorithms.lz4,
  [kafkajs.CompressionTypes.ZSTD]: { compressSync: zstdCompressSync, decompressSync: zstdDecompressSync },
};

/** kafkajs as the independent producer, consumer and admin, with every codec. */
export function independentClient(bootstrap: string): Kafka {
  for (const [codec, { compressSync, decompressSync }] of Object.entries(codecs)) {
    const registered: Record<number, unknown> = kafkajs.CompressionCodecs;
    registered[Number(codec)] = () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => compressSync(buffer),
      decompress: async (buffer: Buffer) => decompressSync(buffer),
    });
  }
  return new kafkajs.Kafka({
    clientId: "test",
    brokers: bootstrap.split(","),
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 8, initialRetryTime: 100 },
  });
}

/** A producer that puts each record into the topic once, also where a send is tried again: a table would rightly have it twice. */
export const onceProducer = (client: Kafka): Producer =>
  client.producer({ allowAutoTopicCreation: false, idempotent: true, maxInFlightRequests: 1 });
