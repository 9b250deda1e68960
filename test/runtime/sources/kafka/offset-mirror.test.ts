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
  await mirror.settled(5000);
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
  await mirror.settled(5000);
  expect(commits).toEqual([[at(0, 1)], [at(1, 2)]]);
});

test("the mirror tries a commit again that was refused, with what is newer by then", async () => {
  const commits: (readonly OffsetToCommit[])[] = [];
  const commit = async (offsets: readonly OffsetToCommit[]) => {
    commits.push(offsets);
    await Promise.resolve();
    if (commits.length === 1) mirror.note([at(0, 2)]);
    if (commits.length < 3) throw new Error("STALE_MEMBER_EPOCH");
  };
  const mirror = new OffsetMirror({ log, commit, owned: () => true });
  mirror.note([at(0, 1), at(1, 7)]);
  await mirror.settled(5000);
  const sorted = commits.map((offsets) => offsets.toSorted((a, b) => a.partition - b.partition));
  expect(sorted).toEqual([
    [at(0, 1), at(1, 7)],
    [at(0, 2), at(1, 7)],
    [at(0, 2), at(1, 7)],
  ]);
});

test("a commit that is refused for ever does not keep the mirror from its end", async () => {
  let commits = 0;
  const commit = async () => {
    commits++;
    throw new Error("GROUP_AUTHORIZATION_FAILED");
  };
  const mirror = new OffsetMirror({ log, commit, owned: () => true });
  mirror.note([at(0, 1)]);
  const beganMs = performance.now();
  await mirror.settled(300);
  expect(performance.now() - beganMs).toBeLessThan(3000);
  expect(commits).toBeGreaterThan(1);
});

test("a refused commit of a partition that is lost by then is not tried again", async () => {
  const commits: (readonly OffsetToCommit[])[] = [];
  const owned = new Set([0, 1]);
  const commit = async (offsets: readonly OffsetToCommit[]) => {
    commits.push(offsets);
    owned.delete(0);
    if (commits.length === 1) throw new Error("STALE_MEMBER_EPOCH");
  };
  const mirror = new OffsetMirror({ log, commit, owned: (_topic, partition) => owned.has(partition) });
  mirror.note([at(0, 1), at(1, 1)]);
  await mirror.settled(5000);
  expect(commits).toEqual([[at(0, 1), at(1, 1)], [at(1, 1)]]);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])("the mirror commits a single note that comes %d turns after the first", async (turns) => {
  const commits: (readonly OffsetToCommit[])[] = [];
  const commit = async (offsets: readonly OffsetToCommit[]) => void commits.push(offsets);
  const mirror = new OffsetMirror({ log, commit, owned: () => true });
  mirror.note([at(0, 1)]);
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  mirror.note([at(0, 2)]);
  await mirror.settled(5000);
  await mirror.settled(5000);
  expect(commits.at(-1)).toEqual([at(0, 2)]);
});
