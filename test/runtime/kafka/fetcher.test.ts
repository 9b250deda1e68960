import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { CorruptRecords } from "../../../runtime/kafka/byte-reader.ts";
import type { FetchedSplit } from "../../../runtime/kafka/fetched-split.ts";
import { Fetcher } from "../../../runtime/kafka/fetcher.ts";
import { kafkaLimits } from "../../../runtime/kafka/kafka-limits.ts";
import { fetched, type StubAnswers, stubCluster, stubContext, stubTopic } from "./stub-cluster.ts";

const outOfRange = 1;

function splitOf(partition: number, offset: number): FetchedSplit {
  return {
    topic: stubTopic.name,
    partition,
    topicId: stubTopic.id,
    offset,
    stored: true,
    end: null,
    leader: 1,
    leaderEpoch: 0,
    bytesMax: 1 << 20,
    badOffset: -1,
    badTimes: 0,
  };
}

function fetcherOf(answers: StubAnswers): Fetcher {
  const { log, now } = stubContext;
  return new Fetcher({ cluster: stubCluster(answers), limits: kafkaLimits, waitMs: 0, log, now, onChange: () => {} });
}

/** Partition 0 is out of range, the records of partition 1 are good, and the brokers take their time to say what is left of 0. */
function halfRefused() {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<number>();
  const fetcher = fetcherOf({
    // The first fetch begins with the first partition alone.
    fetches: [[], [fetched(0, [], outOfRange), fetched(1, [0, 1, 2])]],
    offsetAt: () => {
      asked.resolve();
      return answered.promise;
    },
  });
  const [refused, good] = [splitOf(0, 5), splitOf(1, 0)];
  fetcher.add(refused);
  fetcher.add(good);
  return { fetcher, refused, good, asked: asked.promise, answer: answered.resolve };
}

test("a partition's error does not keep the others' records, which are of the moment they were asked for", async () => {
  const { fetcher, refused, good, asked, answer } = halfRefused();
  await using _ = fetcher;
  await asked;
  expect(fetcher.take()?.split).toBe(good);
  fetcher.remove(good);
  answer(9);
  await expect.poll(() => refused.offset).toBe(9);
  expect(fetcher.take()).toMatchObject({ split: refused, records: { end: 0, from: 9 } });
  expect(fetcher.take()).toBeUndefined();
});

test("records that could not be read are asked for again from where they were, whatever another partition's error takes", async () => {
  const { fetcher, good, asked, answer } = halfRefused();
  await using _ = fetcher;
  await asked;
  const piece = fetcher.take()!;
  expect(piece.records.from).toBe(0);
  fetcher.unreadable(piece, 1, new CorruptRecords("test"));
  answer(9);
  await sleep(0);
  expect(good.offset).toBe(1);
  expect(fetcher.take()?.split).not.toBe(good);
});

test("a split that is released while the brokers say what is left of it stays as it was", async () => {
  const { fetcher, refused, good, asked, answer } = halfRefused();
  await using _ = fetcher;
  await asked;
  fetcher.remove(refused);
  answer(9);
  await sleep(0);
  expect(refused.offset).toBe(5);
  expect(fetcher.take()?.split).toBe(good);
  expect(fetcher.take()).toBeUndefined();
});

test("records of a topic that was made again cannot be asked for any more", async () => {
  const made = { ...stubTopic, id: "second" };
  const fetcher = fetcherOf({ fetches: [[fetched(0, [3, 4])], [fetched(0, [], 100)]], topic: () => made });
  await using _ = fetcher;
  const split = splitOf(0, 3);
  fetcher.add(split);
  await expect.poll(() => split.topicId).toBe("second");
  const piece = fetcher.take()!;
  expect(piece).toMatchObject({ topicId: "first", records: { from: 3 } });
  fetcher.unreadable(piece, 4, new CorruptRecords("test"));
  expect(split.offset).toBe(0);
  expect(fetcher.take()).toMatchObject({ topicId: "second", records: { end: 0, from: 0 } });
});
