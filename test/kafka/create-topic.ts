import { setTimeout as sleep } from "node:timers/promises";
import type { Admin, ITopicConfig } from "kafkajs";

/** How often, and how many times, it is asked whether a topic is there: 20 s on a busy machine. */
const askEveryMs = 100;
const asksMax = 200;

/**
 * Creates a topic and waits until its partitions have leaders; false where one of its name is there. kafkajs' own `waitForLeaders`
 * gives up where the broker that it asks has not heard of the topic yet.
 */
export async function createTopic(admin: Admin, config: ITopicConfig): Promise<boolean> {
  if (!(await admin.createTopics({ topics: [config], waitForLeaders: false }))) return false;
  for (let asks = 1; ; asks++) {
    const metadata = await admin.fetchTopicMetadata({ topics: [config.topic] }).catch(() => null);
    const partitions = metadata?.topics[0]?.partitions ?? [];
    if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) return true;
    if (asks >= asksMax) throw new Error(`topic ${config.topic}: it has no leaders after ${(asks * askEveryMs) / 1000} s`);
    await sleep(askEveryMs);
  }
}
