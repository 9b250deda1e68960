import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { NotConnected, Terminal } from "../../component/errors.ts";
import type { Cluster, Topic } from "../../kafka/cluster.ts";
import type { KafkaSource } from "../../../crds/connectors/kafka.ts";

/** Which topics a source reads. */
export interface TopicChoice {
  /** Null: by pattern. */
  readonly names: readonly string[] | null;
  matches(name: string): boolean;
}

/** The topics of the manifest. Throws Terminal where its pattern is no regular expression. */
export function topicChoice({ topics, topicPattern }: Pick<KafkaSource, "topics" | "topicPattern">): TopicChoice {
  if (topics !== undefined) return { names: topics, matches: (name) => topics.includes(name) };
  try {
    const pattern = new RegExp(`^(?:${topicPattern ?? ""})$`, "u");
    return { names: null, matches: (name) => pattern.test(name) };
  } catch (cause) {
    throw new Terminal("SpecInvalid", `source.kafka.topicPattern: ${JSON.stringify(topicPattern)} is no regular expression`, {
      cause,
    });
  }
}

/** The chosen topics that exist now. */
export async function chosenTopics(cluster: Cluster, choice: TopicChoice): Promise<ReadonlyMap<string, Topic>> {
  const topics = await cluster.topics(choice.names);
  return new Map([...topics].filter(([name]) => choice.matches(name)));
}

/** Throws NotConnected where a topic that the manifest names does not exist: it may yet be created. */
export function requireNamed(choice: TopicChoice, topics: ReadonlyMap<string, Topic>, cluster: Cluster): void {
  const missing = (choice.names ?? []).filter((name) => !topics.has(name));
  if (missing.length === 0) return;
  const named = missing.map((name) => `"${name}"`).join(", ");
  throw new NotConnected(
    `kafka topic ${named}: not found on ${cluster.bootstrap}. Create it, or correct source.kafka.topics; we try again`,
  );
}

/** What to look for, and how often. */
export interface TopicWatch {
  readonly cluster: Cluster;
  readonly choice: TopicChoice;
  /** What is known at the beginning. */
  readonly topics: ReadonlyMap<string, Topic>;
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Called with all chosen topics when there are others, they have more partitions, or one was made again. */
  onChange(topics: ReadonlyMap<string, Topic>): void;
}

/** Looks for changes of the chosen topics until the signal aborts. Brokers that do not answer are asked again the next time. */
export async function watchTopics({ cluster, choice, topics, everyMs, signal, log, onChange }: TopicWatch): Promise<void> {
  let known = shape(topics);
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    try {
      const found = await chosenTopics(cluster, choice);
      if (shape(found) === known) continue;
      known = shape(found);
      log.info(
        { topics: Object.fromEntries([...found.values()].map(({ name, leaders }) => [name, leaders.length])) },
        "kafka topics have changed",
      );
      onChange(found);
    } catch (error) {
      log.debug({ reason: error instanceof Error ? error.message : String(error) }, "kafka topics could not be looked up");
    }
  }
}

function shape(topics: ReadonlyMap<string, Topic>): string {
  return [...topics.values()]
    .map(({ name, id, leaders }) => `${name} ${id} ${leaders.length}`)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join("\n");
}
