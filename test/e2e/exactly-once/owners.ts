import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { independentClient, onceProducer } from "../../kafka/client.ts";
import { createTopic } from "../../kafka/create-topic.ts";
import { sharedBroker } from "../../kafka/shared-broker.ts";
import { uniqueName } from "../../kafka/unique-name.ts";
import type { Life } from "./child.ts";
import type { KillPlace } from "./kill.ts";
import { filesTable, letterValues } from "./table.ts";
import { smallColumns, smallRecord, smallSql, type TopicRow } from "./topic.ts";

/** How long rows may take to arrive: a session timeout of 6 s, some rebalances, a sink's faults and a busy machine. */
const arriveMs = 120_000;

/** A Kafka topic, the sink it goes to, and what the table should be: for several processes to fight over. */
export interface Contest extends AsyncDisposable {
  /** One life of the pipeline. */
  readonly life: Life;
  /** Appends `count` records to each partition. */
  produce(count: number): Promise<void>;
  /** The table as it should be by now, in order of file and number. */
  expected(): readonly TopicRow[];
  table(): Promise<readonly TopicRow[]>;
  /** Resolves when the table has as many rows as it should, or is not getting any. */
  arrived(): Promise<void>;
  letters(): Promise<readonly string[]>;
  expectedLetters(): readonly string[];
}

/** Files below the contest's directory. */
const filesPlace = async (directory: string): Promise<KillPlace> => ({
  sink: { files: { directory: "small", load: { everySeconds: 1, upToBytes: "1Mi", upToRows: 1000 } } },
  connections: {},
  secrets: {},
  table: () => filesTable(join(directory, "small")),
  [Symbol.asyncDispose]: async () => {},
});

/** Opens a contest on the shared broker, by default into files. */
export async function openContest(
  partitions: number,
  openPlace: (directory: string) => Promise<KillPlace> = filesPlace,
): Promise<Contest> {
  const { bootstrap } = await sharedBroker();
  const client = independentClient(bootstrap);
  const producer = onceProducer(client);
  const admin = client.admin();
  const topic = uniqueName("contest");
  await Promise.all([admin.connect(), producer.connect()]);
  await createTopic(admin, { topic, numPartitions: partitions });
  const directory = await mkdtemp(join(tmpdir(), "snowline-contest-"));
  const place = await openPlace(directory);
  const files = Array.from({ length: partitions }, (_, partition) => `p${partition}`);
  let produced = 0;
  const all = (): ReturnType<typeof smallRecord>[] =>
    files.flatMap((file) => Array.from({ length: produced }, (_, n) => smallRecord(file, n)));
  const table = (): Promise<readonly TopicRow[]> => place.table();
  const expected = (): readonly TopicRow[] => all().flatMap(({ row }) => row ?? []);
  return {
    life: lifeOf({ bootstrap, topic, directory, place }),
    async produce(count) {
      const messages = files.flatMap((file, partition) =>
        Array.from({ length: count }, (_, n) => ({ partition, value: smallRecord(file, produced + n).value })),
      );
      await producer.send({ topic, acks: -1, messages });
      produced += count;
    },
    expected,
    table,
    async arrived() {
      const deadline = Date.now() + arriveMs;
      while ((await table()).length < expected().length && Date.now() < deadline) await sleep(200);
    },
    letters: async () => [...(await letterValues(join(directory, "letters")))].toSorted(),
    expectedLetters: () =>
      all()
        .flatMap(({ rejected, value }) => (rejected ? [value] : []))
        .toSorted(),
    async [Symbol.asyncDispose]() {
      await admin.deleteTopics({ topics: [topic] });
      await Promise.all([admin.disconnect(), producer.disconnect()]);
      await place[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function lifeOf({
  bootstrap,
  topic,
  directory,
  place,
}: {
  readonly bootstrap: string;
  readonly topic: string;
  readonly directory: string;
  readonly place: KillPlace;
}): Life {
  return {
    spec: {
      source: {
        kafka: {
          connection: "events",
          topics: [topic],
          startFrom: "earliest",
          tombstones: "skip",
          groupId: topic,
          fetchWaitMs: 50,
          format: { json: { columns: smallColumns } },
        },
      },
      transform: { sql: smallSql },
      sink: place.sink,
      deadLetter: { files: { directory: "letters" } },
    },
    connections: { ...place.connections, events: { kafka: { brokers: bootstrap.split(",") } } },
    secrets: place.secrets,
    directory,
    scratchDirectory: join(directory, "scratch"),
    failpoint: null,
    until: "stopped",
    batch: { everyMs: 100, recordsMax: 50 },
  };
}
