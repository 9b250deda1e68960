import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { Topic } from "../../../../runtime/kafka/cluster.ts";
import { joinByConsumerProtocol } from "../../../../runtime/sources/kafka/consumer-protocol.ts";
import { brokerError, stubParts } from "./stub-group.ts";

const topic: Topic = { name: "orders", id: randomUUID(), leaders: [0, 1].map((node) => ({ node, epoch: 0 })) };
const topics = new Map([[topic.name, topic]]);
const idBytes = Buffer.from(topic.id.replaceAll("-", ""), "hex");

/** The partitions that a heartbeat says are owned: a compact array of 32-bit numbers behind the topic's id. */
function ownedIn(request: Buffer): readonly number[] {
  const at = request.indexOf(idBytes);
  if (at < 0) return [];
  return Array.from({ length: request[at + 16]! - 1 }, (_, index) => request.readInt32BE(at + 17 + 4 * index));
}

test("a revoked partition is confirmed after the reader has let it go, however often the broker is asked before", async () => {
  let target = [0, 1];
  const owned: (readonly number[])[] = [];
  const parts = stubParts((request) => {
    owned.push(ownedIn(request));
    const assignment = { topicPartitions: [{ topicId: topic.id, partitions: target }] };
    return { memberEpoch: 1, heartbeatIntervalMs: 5, assignment };
  }, topics);
  await using membership = joinByConsumerProtocol(parts, topics, () => {});
  await expect.poll(() => owned.at(-1)).toEqual([0, 1]);
  target = [0];
  await expect.poll(() => membership.assignment?.partitions.get("orders")).toEqual([0]);
  const told = owned.length;
  await expect.poll(() => owned.length).toBeGreaterThan(told + 5);
  expect(owned.at(-1)).toEqual([0, 1]);
  membership.confirm(membership.assignment!);
  await expect.poll(() => owned.at(-1)).toEqual([0]);
});

test("a member whose group was deleted joins again", async () => {
  const epochs: number[] = [];
  let gone = false;
  const parts = stubParts((request) => {
    const assigned = ownedIn(request);
    if (gone && assigned.length > 0) throw brokerError("GROUP_ID_NOT_FOUND");
    epochs.push(assigned.length);
    return { memberEpoch: 1, heartbeatIntervalMs: 5, assignment: { topicPartitions: [{ topicId: topic.id, partitions: [0] }] } };
  }, topics);
  let classic = false;
  await using membership = joinByConsumerProtocol(parts, topics, () => (classic = true));
  await expect.poll(() => epochs.at(-1)).toBe(1);
  const before = epochs.length;
  gone = true;
  await expect.poll(() => epochs.length).toBeGreaterThan(before);
  gone = false;
  expect(epochs.at(-1)).toBe(0);
  await expect.poll(() => membership.assignment?.partitions.get("orders")).toEqual([0]);
  expect([classic, membership.trouble]).toEqual([false, null]);
});
