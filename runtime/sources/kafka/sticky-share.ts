/** What a member of a group asks for. */
export interface Wish {
  readonly topics: readonly string[];
  /** By topic: partitions that it may still be reading. */
  readonly holds: ReadonlyMap<string, readonly number[]>;
  /** By topic: those of them that it is about to let go. To take them back would stop them for nothing. */
  readonly leaves: ReadonlyMap<string, readonly number[]>;
  /** Of the assignment that `holds` comes from; of those who missed a later one nothing is held any more. */
  readonly generation: number;
}

interface Partition {
  readonly topic: string;
  readonly partition: number;
}

/** What each member gets, by topic. Every member comes back, also with nothing. */
export type Shares = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;

/**
 * Shares partitions out evenly so that as few as possible move, and keeps back those that another member still holds: it is to let them
 * go first, and once it has joined without them they are shared out again. Pure; the same members and partitions give the same shares.
 */
export function stickyShare(wishes: ReadonlyMap<string, Wish>, partitionCounts: ReadonlyMap<string, number>): Shares {
  const holders = holdersOf(wishes, partitionCounts);
  const hands = new Map([...wishes.keys()].toSorted().map((member) => [member, [] as Partition[]]));
  const readersOf = (topic: string): string[] => [...hands.keys()].filter((member) => wishes.get(member)!.topics.includes(topic));
  for (const topic of [...partitionCounts.keys()].toSorted()) {
    const readers = readersOf(topic);
    if (readers.length === 0) continue;
    for (let partition = 0; partition < partitionCounts.get(topic)!; partition++) {
      const stays = (member: string): boolean => wishes.get(member)?.leaves.get(topic)?.includes(partition) !== true;
      const holder = holders.get(`${topic}/${partition}`)?.find(stays);
      hands.get(holder !== undefined && readers.includes(holder) ? holder : lightest(hands, readers))!.push({ topic, partition });
    }
  }
  level(hands, readersOf);
  return new Map(
    [...hands].map(([member, hand]) => {
      const free = hand.filter(({ topic, partition }) => {
        const holding = holders.get(`${topic}/${partition}`) ?? [];
        return holding.length === 0 || holding.includes(member);
      });
      const topics = [...Map.groupBy(free, ({ topic }) => topic)];
      return [
        member,
        new Map(topics.map(([topic, list]) => [topic, list.map(({ partition }) => partition).toSorted((a, b) => a - b)])),
      ];
    }),
  );
}

/** Who holds what there is, by `topic/partition`. */
function holdersOf(wishes: ReadonlyMap<string, Wish>, partitionCounts: ReadonlyMap<string, number>): Map<string, string[]> {
  const newest = Math.max(...[...wishes.values()].map(({ generation }) => generation));
  const holders = new Map<string, string[]>();
  for (const [member, { holds, generation }] of [...wishes].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (generation < newest) continue;
    for (const [topic, partitions] of holds) {
      for (const partition of partitions) {
        if (partition >= (partitionCounts.get(topic) ?? 0)) continue;
        const name = `${topic}/${partition}`;
        holders.set(name, [...(holders.get(name) ?? []), member]);
      }
    }
  }
  return holders;
}

type Hands = ReadonlyMap<string, Partition[]>;

function lightest(hands: Hands, members: readonly string[]): string {
  return members.reduce((least, member) => (hands.get(member)!.length < hands.get(least)!.length ? member : least));
}

/** Moves partitions from who has more to who has at least two fewer: each move makes the hands more even, so that there is an end. */
function level(hands: Hands, readersOf: (topic: string) => readonly string[]): void {
  for (let moved = true; moved;) {
    moved = false;
    for (const [, hand] of [...hands].toSorted(([, a], [, b]) => b.length - a.length)) {
      for (let at = hand.length - 1; at >= 0; at--) {
        const to = hands.get(lightest(hands, readersOf(hand[at]!.topic)))!;
        if (hand.length - to.length < 2) continue;
        to.push(...hand.splice(at, 1));
        moved = true;
      }
    }
  }
}
