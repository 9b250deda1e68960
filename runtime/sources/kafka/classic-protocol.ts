import {
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  heartbeatV4,
  joinGroupV7,
  leaveGroupV4,
  offsetCommitV8,
  syncGroupV5,
} from "@platformatic/kafka";
import { NotConnected, Terminal } from "../../component/errors.ts";
import type { Broker, Topic } from "../../kafka/cluster.ts";
import { brokerErrors } from "../../kafka/kafka-errors.ts";
import { GroupLoop } from "./group-loop.ts";
import { byTopic, type Membership, type MembershipParts } from "./membership.ts";
import { roundRobin } from "./round-robin.ts";

const protocolType = "consumer";
/** Java's name for what `roundRobin` does: such members may share a group with us. */
const assignor = "roundrobin";
/** Join again as who we are. */
const rebalancing = ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION"];
/** Join again as somebody new. */
const forgotten = ["UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID"];
const idRequired = "MEMBER_ID_REQUIRED";
const invalid = ["INCONSISTENT_GROUP_PROTOCOL", "INVALID_GROUP_ID", "INVALID_SESSION_TIMEOUT"];

/**
 * Membership by the classic protocol, for brokers before 4.0: members join together, one of them shares out the partitions.
 * A partition may have its next owner before this one has let it go; the warehouse's fencing keeps that harmless.
 */
export function joinByClassicProtocol(parts: MembershipParts, topics: ReadonlyMap<string, Topic>): Membership {
  const loop = new GroupLoop(parts);
  const member = new ClassicMember(loop, topics);
  loop.start(() => member.turn());
  return {
    get assignment() {
      return loop.assignment;
    },
    get failure() {
      return loop.failure;
    },
    get trouble() {
      return loop.trouble;
    },
    subscribe: (changed) => member.subscribe(changed),
    confirm: () => {},
    commit: (offsets) => member.commit(byTopic(offsets)),
    [Symbol.asyncDispose]: () => loop.stop(() => member.leave()),
  };
}

class ClassicMember {
  readonly #loop: GroupLoop;
  #topics: ReadonlyMap<string, Topic>;
  #id = "";
  #generation = -1;
  #joined = false;

  constructor(loop: GroupLoop, topics: ReadonlyMap<string, Topic>) {
    this.#loop = loop;
    this.#topics = topics;
  }

  /** One exchange: joining, or a heartbeat. Returns the pause until the next, in milliseconds. */
  async turn(): Promise<number> {
    const { groupId, limits } = this.#loop.parts;
    try {
      if (!this.#joined) await this.#join();
      else await this.#ask(({ connection }) => heartbeatV4.api.async(connection, groupId, this.#generation, this.#id, null));
      return this.#joined ? limits.heartbeatMs : 0;
    } catch (error) {
      const errors = brokerErrors(error);
      const refused = errors.find((name) => invalid.includes(name));
      if (refused !== undefined) {
        throw new Terminal(
          "GroupInvalid",
          `kafka consumer group "${groupId}": the broker answered ${refused}. Choose another groupId, or stop the group's other members`,
        );
      }
      if (!errors.some((name) => [...rebalancing, ...forgotten, idRequired].includes(name))) throw error;
      this.#joined = false;
      if (errors.some((name) => forgotten.includes(name))) this.#forget();
      return 0;
    }
  }

  subscribe(topics: ReadonlyMap<string, Topic>): void {
    this.#topics = topics;
    this.#joined = false;
    this.#loop.hurry();
  }

  async commit(topics: ReturnType<typeof byTopic>): Promise<void> {
    const { groupId } = this.#loop.parts;
    await this.#ask(({ connection }) => offsetCommitV8.api.async(connection, groupId, this.#generation, this.#id, null, topics));
  }

  async leave(): Promise<void> {
    const { groupId } = this.#loop.parts;
    if (this.#id !== "")
      await this.#ask(({ connection }) =>
        leaveGroupV4.api.async(connection, groupId, [{ memberId: this.#id, groupInstanceId: null }]),
      );
  }

  /** We were silent for too long: what we owned may be another's. */
  #forget(): void {
    this.#id = "";
    this.#loop.assign({ partitions: new Map() });
  }

  #ask<T>(request: (broker: Broker) => Promise<T>): Promise<T> {
    return this.#loop.ask(request, [...rebalancing, ...forgotten, idRequired, ...invalid]);
  }

  async #join(): Promise<void> {
    const { groupId, limits } = this.#loop.parts;
    const topics = this.#topics;
    const metadata = encodeConsumerProtocolSubscription({ version: 0, topics: [...topics.keys()] });
    const joined = await this.#ask(({ connection }) =>
      joinGroupV7.api.async(
        connection,
        groupId,
        limits.sessionTimeoutMs,
        limits.rebalanceTimeoutMs,
        this.#id,
        null,
        protocolType,
        [{ name: assignor, metadata }],
      ),
    ).catch((error: unknown) => {
      const { response } = error as { response?: { memberId?: string } };
      if (brokerErrors(error).includes(idRequired) && response?.memberId !== undefined) this.#id = response.memberId;
      throw error;
    });
    this.#id = joined.memberId;
    this.#generation = joined.generationId;
    const shares = joined.leader === this.#id ? this.#share(joined.members) : [];
    const synced = await this.#ask(({ connection }) =>
      syncGroupV5.api.async(connection, groupId, this.#generation, this.#id, null, protocolType, assignor, shares),
    );
    // Subscribed to something else meanwhile: this assignment is already old.
    this.#joined = topics === this.#topics;
    const { assignedPartitions } = decodeConsumerProtocolAssignment(synced.assignment);
    this.#loop.assign({
      partitions: new Map(assignedPartitions.map(({ topic, partitions }) => [topic, partitions.toSorted((a, b) => a - b)])),
    });
  }

  /** As the group's leader: who gets what. */
  #share(members: readonly { readonly memberId: string; readonly metadata: Buffer }[]) {
    const wishes = new Map(
      members.map(({ memberId, metadata }) => [memberId, decodeConsumerProtocolSubscription(metadata).topics]),
    );
    const counts = new Map([...this.#topics.values()].map(({ name, leaders }) => [name, leaders.length]));
    if (wishes.size === 0)
      throw new NotConnected(`kafka consumer group "${this.#loop.parts.groupId}": it told its leader of no members`);
    return [...roundRobin(wishes, counts)].map(([memberId, assigned]) => ({
      memberId,
      assignment: encodeConsumerProtocolAssignment({
        version: 0,
        assignedPartitions: [...assigned].map(([topic, partitions]) => ({ topic, partitions })),
      }),
    }));
  }
}
