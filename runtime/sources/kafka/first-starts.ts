import type { Topic } from "../../kafka/cluster.ts";
import type { Start } from "./start-offset.ts";

/**
 * Remembers what `startFrom: latest` has to know of the past: what is new to a pipeline that runs already starts at its
 * beginning, because records were written before anyone looked. It holds a few words per partition.
 */
export class FirstStarts {
  /** Partitions by topic id, as they were first; null before that. */
  #partitionsAtFirst: ReadonlyMap<string, number> | null = null;
  /** Ids of topics that were read before: by whoever stored a position, or by us in an earlier assignment. */
  readonly #readBefore = new Set<string>();
  readonly #starts = new Map<string, Start>();

  /** What there is; only the first look counts. */
  look(topics: ReadonlyMap<string, Topic>): void {
    this.#partitionsAtFirst ??= new Map([...topics.values()].map(({ id, leaders }) => [id, leaders.length]));
  }

  /** Another assignment begins: topics that were started until now have been read before. */
  assigned(): void {
    for (const name of this.#starts.keys()) this.#readBefore.add(name.slice(0, name.indexOf("/")));
  }

  /** A split of the topic was opened where its stored position says. */
  stored(topic: Topic): void {
    this.#readBefore.add(topic.id);
  }

  /** True where the partition came after the pipeline's start. */
  late(topic: Topic, partition: number): boolean {
    return partition >= (this.#partitionsAtFirst?.get(topic.id) ?? 0) || this.#readBefore.has(topic.id);
  }

  /** Where the partition was started already: nothing was stored since, so it starts there again. */
  start(topic: Topic, partition: number): Start | undefined {
    return this.#starts.get(`${topic.id}/${partition}`);
  }

  /** It was started there. */
  started(topic: Topic, partition: number, start: Start): void {
    this.#starts.set(`${topic.id}/${partition}`, start);
  }
}
