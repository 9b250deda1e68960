/**
 * Deals partitions out like cards: topics and members in the order of their names, each partition to the next member that
 * reads its topic. Every member comes back, also with nothing. Kafka's `roundrobin`.
 */
export function roundRobin(
  wishes: ReadonlyMap<string, readonly string[]>,
  partitionCounts: ReadonlyMap<string, number>,
): ReadonlyMap<string, ReadonlyMap<string, number[]>> {
  const members = [...wishes.keys()].toSorted();
  const dealt = new Map(members.map((member) => [member, new Map<string, number[]>()]));
  let next = 0;
  for (const topic of [...partitionCounts.keys()].toSorted()) {
    const readers = new Set(members.filter((member) => wishes.get(member)!.includes(topic)));
    if (readers.size === 0) continue;
    for (let partition = 0; partition < partitionCounts.get(topic)!; partition++) {
      while (!readers.has(members[next % members.length]!)) next++;
      const hand = dealt.get(members[next++ % members.length]!)!;
      const list = hand.get(topic);
      if (list === undefined) hand.set(topic, [partition]);
      else list.push(partition);
    }
  }
  return dealt;
}
