import { pino } from "pino";
import { expect, test } from "vitest";
import type { OffsetToCommit } from "../../../../runtime/sources/kafka/membership.ts";
import { OffsetMirror } from "../../../../runtime/sources/kafka/offset-mirror.ts";

const log = pino({ level: "silent" });
const at = (partition: number, offset: number): OffsetToCommit => ({ topic: "orders", partition, offset });

test("the mirror commits the newest of each partition, one commit at a time", async () => {
  const commits: (readonly OffsetToCommit[])[] = [];
  const { promise: slow, resolve } = Promise.withResolvers<void>();
  const commit = async (offsets: readonly OffsetToCommit[]) => {
    commits.push(offsets);
    await slow;
  };
  const mirror = new OffsetMirror({ log, commit, owned: () => true });
  mirror.note([at(0, 1), at(1, 1)]);
  mirror.note([at(0, 2)]);
  mirror.note([at(0, 3)]);
  expect(commits).toEqual([[at(0, 1), at(1, 1)]]);
  resolve();
  await mirror.settled();
  expect(commits).toEqual([[at(0, 1), at(1, 1)], [at(0, 3)]]);
});

test("the mirror commits nothing of a partition that was lost while another commit was on its way", async () => {
  const commits: (readonly OffsetToCommit[])[] = [];
  const owned = new Set([0, 1]);
  const { promise: slow, resolve } = Promise.withResolvers<void>();
  const commit = async (offsets: readonly OffsetToCommit[]) => {
    commits.push(offsets);
    await slow;
  };
  const mirror = new OffsetMirror({ log, commit, owned: (_topic, partition) => owned.has(partition) });
  mirror.note([at(0, 1)]);
  mirror.note([at(0, 2), at(1, 2)]);
  owned.delete(0);
  resolve();
  await mirror.settled();
  expect(commits).toEqual([[at(0, 1)], [at(1, 2)]]);
});

test("the mirror goes on after a commit that was refused", async () => {
  const commits: (readonly OffsetToCommit[])[] = [];
  const commit = async (offsets: readonly OffsetToCommit[]) => {
    commits.push(offsets);
    throw new Error("STALE_MEMBER_EPOCH");
  };
  const mirror = new OffsetMirror({ log, commit, owned: () => true });
  mirror.note([at(0, 1)]);
  await mirror.settled();
  mirror.note([at(0, 2)]);
  await mirror.settled();
  expect(commits).toEqual([[at(0, 1)], [at(0, 2)]]);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])("the mirror commits a single note that comes %d turns after the first", async (turns) => {
  const commits: (readonly OffsetToCommit[])[] = [];
  const commit = async (offsets: readonly OffsetToCommit[]) => void commits.push(offsets);
  const mirror = new OffsetMirror({ log, commit, owned: () => true });
  mirror.note([at(0, 1)]);
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  mirror.note([at(0, 2)]);
  await mirror.settled();
  await mirror.settled();
  expect(commits.at(-1)).toEqual([at(0, 2)]);
});
