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
import { type Assignment, byTopic, type Membership, type MembershipParts } from "./membership.ts";
import { stickyShare } from "./sticky-share.ts";

const protocolType = "consumer";
/** Java's name for a sharing that looks at nobody's past: such members, and our older ones, may share a group with us. */
const assignor = "roundrobin";
/** Of the subscription: from 2 on it says what a member holds, and since which generation. */
const subscriptionVersion = 2;
/** After a change of its partitions a member asks this often whether there are more, for this many times: what others let go stands still until then. */
const expectantMs = 500;
const expectantTurns = 60;
/** Join again as who we are. */
const rebalancing = ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION"];
/** Join again as somebody new. */
const forgotten = ["UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID"];
const idRequired = "MEMBER_ID_REQUIRED";
const invalid = ["INCONSISTENT_GROUP_PROTOCOL", "INVALID_GROUP_ID", "INVALID_SESSION_TIMEOUT"];

/**
 * Membership by the classic protocol, for brokers before 4.0: members join together, one of them shares out the partitions. They are
 * read on meanwhile, and one that is to move goes to its next reader only after `confirm`, which joins again without it. Beside members
 * that share out otherwise a partition may have its next owner sooner; the warehouse's fencing keeps that harmless.
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
    confirm: (assignment) => member.confirm(assignment),
    commit: (offsets) => member.commit(byTopic(offsets)),
    [Symbol.asyncDispose]: () => loop.stop(() => member.leave()),
  };
}

type Partitions = Assignment["partitions"];

class ClassicMember {
  readonly #loop: GroupLoop;
  #topics: ReadonlyMap<string, Topic>;
  #id = "";
  #generation = -1;
  #joined = false;
  /** What our reader may still be reading: of former assignments as well, until it has let go. */
  #holds: Partitions = new Map();
  /** Runs while something is to be let go. */
  #releaseTimer: NodeJS.Timeout | undefined;
  #expectantTurns = expectantTurns;

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
      if (!this.#joined) return 0;
      return this.#expectantTurns-- > 0 ? Math.min(expectantMs, limits.heartbeatMs) : limits.heartbeatMs;
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

  confirm(assignment: Assignment): void {
    if (assignment === this.#loop.assignment) this.#release(assignment.partitions);
  }

  async commit(topics: ReturnType<typeof byTopic>): Promise<void> {
    const { groupId } = this.#loop.parts;
    await this.#ask(({ connection }) => offsetCommitV8.api.async(connection, groupId, this.#generation, this.#id, null, topics));
  }

  async leave(): Promise<void> {
    clearTimeout(this.#releaseTimer);
    const { groupId } = this.#loop.parts;
    if (this.#id !== "")
      await this.#ask(({ connection }) =>
        leaveGroupV4.api.async(connection, groupId, [{ memberId: this.#id, groupInstanceId: null }]),
      );
  }

  /** We were silent for too long: what we owned may be another's. */
  #forget(): void {
    this.#id = "";
    this.#generation = -1;
    this.#holds = new Map();
    this.#loop.assign({ partitions: new Map() });
  }

  /** What is held and no longer ours: the reader is about to let it go. */
  #leaves(): Partitions {
    const ours = this.#loop.assignment?.partitions ?? new Map<string, readonly number[]>();
    return new Map(
      [...this.#holds].map(([topic, list]) => [topic, list.filter((one) => ours.get(topic)?.includes(one) !== true)]),
    );
  }

  /** Only these are held from now on. Who held others joins again, so that they are shared out. */
  #release(partitions: Partitions): void {
    clearTimeout(this.#releaseTimer);
    this.#releaseTimer = undefined;
    const released = !holdsAll(partitions, this.#holds);
    this.#holds = partitions;
    if (!released) return;
    this.#joined = false;
    this.#loop.hurry();
  }

  /** These are ours; what we held before is so until the reader has let go, or has had time enough to. */
  #take(partitions: Partitions): void {
    if (!holdsAll(partitions, this.#holds)) {
      const { limits } = this.#loop.parts;
      const release = (): void => this.#release(this.#loop.assignment?.partitions ?? new Map());
      this.#releaseTimer ??= setTimeout(release, limits.rebalanceTimeoutMs).unref();
    }
    this.#holds = united(this.#holds, partitions);
    if (this.#loop.assign({ partitions })) this.#expectantTurns = expectantTurns;
  }

  #ask<T>(request: (broker: Broker) => Promise<T>): Promise<T> {
    return this.#loop.ask(request, [...rebalancing, ...forgotten, idRequired, ...invalid]);
  }

  async #join(): Promise<void> {
    const { groupId, limits } = this.#loop.parts;
    const topics = this.#topics;
    const metadata = encodeConsumerProtocolSubscription({
      version: subscriptionVersion,
      topics: [...topics.keys()],
      userData: JSON.stringify({ leaves: Object.fromEntries(this.#leaves()) }),
      ownedPartitions: [...this.#holds].map(([topic, partitions]) => ({ topic, partitions: [...partitions] })),
      generationId: this.#generation,
    });
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
    this.#take(new Map(assignedPartitions.map(({ topic, partitions }) => [topic, partitions.toSorted((a, b) => a - b)])));
  }

  /** As the group's leader: who gets what. */
  #share(members: readonly { readonly memberId: string; readonly metadata: Buffer }[]) {
    const wishes = new Map(
      members.map(({ memberId, metadata }) => {
        const { topics, ownedPartitions, generationId, userData } = decodeConsumerProtocolSubscription(metadata);
        const holds = new Map(ownedPartitions.map(({ topic, partitions }) => [topic, partitions]));
        return [memberId, { topics, holds, leaves: leavesIn(userData), generation: generationId }];
      }),
    );
    const counts = new Map([...this.#topics.values()].map(({ name, leaders }) => [name, leaders.length]));
    if (wishes.size === 0)
      throw new NotConnected(`kafka consumer group "${this.#loop.parts.groupId}": it told its leader of no members`);
    return [...stickyShare(wishes, counts)].map(([memberId, assigned]) => ({
      memberId,
      assignment: encodeConsumerProtocolAssignment({
        version: 0,
        assignedPartitions: [...assigned].map(([topic, partitions]) => ({ topic, partitions: [...partitions] })),
      }),
    }));
  }
}

/** What a member of ours says of itself; nothing where another kind of member says something else. */
function leavesIn(userData: Buffer | null): Partitions {
  try {
    const { leaves } = JSON.parse((userData ?? "").toString()) as { leaves?: Record<string, unknown> };
    return new Map(Object.entries(leaves ?? {}).map(([topic, list]) => [topic, Array.isArray(list) ? (list as number[]) : []]));
  } catch {
    return new Map();
  }
}

const namesOf = (partitions: Partitions): string[] =>
  [...partitions].flatMap(([topic, list]) => list.map((partition) => `${topic}/${partition}`));

/** True where `all` has each of these. */
function holdsAll(all: Partitions, these: Partitions): boolean {
  const names = new Set(namesOf(all));
  return namesOf(these).every((name) => names.has(name));
}

function united(a: Partitions, b: Partitions): Partitions {
  const topics = new Set([...a.keys(), ...b.keys()]);
  return new Map([...topics].map((topic) => [topic, [...new Set([...(a.get(topic) ?? []), ...(b.get(topic) ?? [])])]]));
}
