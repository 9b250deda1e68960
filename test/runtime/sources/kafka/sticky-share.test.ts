import { expect, test } from "vitest";
import { stickyShare, type Wish } from "../../../../runtime/sources/kafka/sticky-share.ts";
import { seeded, seedOfRun } from "../../../e2e/exactly-once/random.ts";

type Holds = Readonly<Record<string, readonly number[]>>;
const wish = (topics: readonly string[], holds: Holds = {}, generation = 1, leaves: Holds = {}): Wish => ({
  topics,
  holds: new Map(Object.entries(holds)),
  leaves: new Map(Object.entries(leaves)),
  generation,
});
const shared = (wishes: Readonly<Record<string, Wish>>, counts: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    [...stickyShare(new Map(Object.entries(wishes)), new Map(Object.entries(counts)))].map(([member, topics]) => [
      member,
      Object.fromEntries(topics),
    ]),
  );

test.each([
  {
    name: "partitions nobody holds are shared evenly, whatever the order of the members",
    wishes: { b: wish(["t"]), a: wish(["t"]) },
    counts: { t: 5 },
    expected: { a: { t: [0, 2, 4] }, b: { t: [1, 3] } },
  },
  {
    name: "a member without a partition comes back with nothing",
    wishes: { a: wish(["t"]), b: wish(["t"]), c: wish(["t"]) },
    counts: { t: 2 },
    expected: { a: { t: [0] }, b: { t: [1] }, c: {} },
  },
  {
    name: "a partition goes only to who reads its topic",
    wishes: { a: wish(["t", "u"]), b: wish(["u"]) },
    counts: { t: 2, u: 2, nobodys: 1 },
    expected: { a: { t: [0, 1] }, b: { u: [0, 1] } },
  },
  {
    name: "what moves is kept back until its holder has let it go",
    wishes: { a: wish(["t"], { t: [0, 1, 2, 3] }), b: wish(["t"], {}, -1) },
    counts: { t: 4 },
    expected: { a: { t: [0, 1] }, b: {} },
  },
  {
    name: "what was let go goes to who was waiting for it, and nothing else moves",
    wishes: { a: wish(["t"], { t: [0, 1] }, 2), b: wish(["t"], {}, 2) },
    counts: { t: 4 },
    expected: { a: { t: [0, 1] }, b: { t: [2, 3] } },
  },
  {
    name: "what a member left behind is free at once, and who stays keeps what it has",
    wishes: { a: wish(["t"], { t: [1, 4] }), b: wish(["t"], { t: [2, 5] }) },
    counts: { t: 6 },
    expected: { a: { t: [0, 1, 4] }, b: { t: [2, 3, 5] } },
  },
  {
    name: "a member that missed a generation holds nothing any more",
    wishes: { a: wish(["t"], { t: [0, 1] }, 7), b: wish(["t"], { t: [0, 1] }, 5) },
    counts: { t: 2 },
    expected: { a: { t: [0] }, b: {} },
  },
  {
    name: "of two that hold the same both go on or neither gets it anew",
    wishes: { a: wish(["t"], { t: [0] }), b: wish(["t"], { t: [0, 1] }) },
    counts: { t: 2 },
    expected: { a: { t: [0] }, b: { t: [1] } },
  },
  {
    name: "what is about to be let go is not taken back when somebody else joins meanwhile",
    wishes: { a: wish(["t"], { t: [0, 1, 2, 3] }, 2, { t: [1, 2] }), b: wish(["t"], {}, 2), c: wish(["t"], {}, -1) },
    counts: { t: 4 },
    expected: { a: { t: [0, 3] }, b: {}, c: {} },
  },
  {
    name: "a partition that is gone is nobody's",
    wishes: { a: wish(["t"], { t: [0, 9], gone: [0] }) },
    counts: { t: 1 },
    expected: { a: { t: [0] } },
  },
])("$name", ({ wishes, counts, expected }) => {
  expect(shared(wishes, counts)).toEqual(expected);
});

test("whoever comes and goes, no partition has two readers, and once all is calm each has its even part", () => {
  const random = seeded(seedOfRun());
  const counts = new Map([
    ["t", 7],
    ["u", 5],
  ]);
  const all = [...counts].flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => `${topic}/${partition}`));
  const names = (held: ReadonlyMap<string, readonly number[]>) =>
    [...held].flatMap(([topic, list]) => list.map((partition) => `${topic}/${partition}`));
  const holdsOf = (set: ReadonlySet<string>) =>
    new Map(
      [...Map.groupBy(set, (name) => name.split("/")[0]!)].map(([topic, list]) => [
        topic,
        list.map((name) => Number(name.split("/")[1])),
      ]),
    );
  const members = new Map<string, Set<string>>([["m0", new Set()]]);
  const leaving = new Map<string, Set<string>>();
  let next = 1;
  const rebalance = (everybodyLetsGo: boolean): void => {
    const wishes = new Map(
      [...members].map(([name, holds]) => [
        name,
        { topics: [...counts.keys()], holds: holdsOf(holds), leaves: holdsOf(leaving.get(name) ?? new Set()), generation: 1 },
      ]),
    );
    for (const [name, share] of stickyShare(wishes, counts)) {
      const mine = new Set(names(share));
      for (const [other, holds] of members)
        if (other !== name) for (const partition of mine) expect(holds.has(partition), `${partition} of ${other}`).toBe(false);
      const before = members.get(name)!;
      // Who is still loading goes on holding what it is to let go.
      const kept = everybodyLetsGo || random.next() < 0.5 ? [] : [...before].filter((partition) => !mine.has(partition));
      members.set(name, new Set([...mine, ...kept]));
      leaving.set(name, new Set(kept));
    }
  };
  for (let round = 0; round < 300; round++) {
    if (members.size < 6 && random.next() < 0.4) members.set(`m${next++}`, new Set());
    if (members.size > 1 && random.next() < 0.3) members.delete(random.pick([...members.keys()] as [string, ...string[]]));
    rebalance(false);
    if (round % 10 !== 9) continue;
    for (let calm = 0; calm < 3; calm++) rebalance(true);
    const sizes = [...members.values()].map(({ size }) => size);
    expect([...members.values()].flatMap((held) => [...held]).toSorted()).toEqual(all.toSorted());
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  }
});
