import { randomUUID } from "node:crypto";
import { consumerGroupHeartbeatV0, consumerGroupHeartbeatV1, offsetCommitV9 } from "@platformatic/kafka";
import { Terminal } from "../../component/errors.ts";
import { type Broker, speaks, type Topic } from "../../kafka/cluster.ts";
import { brokerErrors } from "../../kafka/kafka-errors.ts";
import { GroupLoop } from "./group-loop.ts";
import { type Assignment, byTopic, type Membership, type MembershipParts } from "./membership.ts";

/** Partitions as the protocol names them. */
interface TopicPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/** We are no longer a member: join again with nothing. */
const fenced = ["FENCED_MEMBER_EPOCH", "UNKNOWN_MEMBER_ID"];
/** The broker, or this group, only knows the classic protocol. */
const classicOnly = ["UNSUPPORTED_VERSION", "GROUP_ID_NOT_FOUND"];
/** To a member: the group was deleted. It comes back with us. */
const groupGone = "GROUP_ID_NOT_FOUND";
const invalid = ["INVALID_REQUEST", "INVALID_GROUP_ID", "UNSUPPORTED_ASSIGNOR", "INVALID_REGULAR_EXPRESSION"];
const joining = 0;
const leaving = -1;
/**
 * After a member has joined or its partitions have changed it asks this often whether there are more, for this many times: what others let
 * go for it stands still until it hears of it.
 */
const expectantMs = 500;
const expectantTurns = 60;
/** True where the broker speaks the protocol of KIP-848. */
export const speaksConsumerProtocol = (broker: Broker): boolean => speaks(broker, consumerGroupHeartbeatV0.api);

/**
 * Membership by the protocol of KIP-848: the broker decides who owns what, members keep what they keep while others come
 * and go, and a revoked partition goes to its next owner only after `confirm`.
 * `onClassicOnly` is called, instead of any change, where the broker turns out to know only the classic protocol.
 */
export function joinByConsumerProtocol(
  parts: MembershipParts,
  topics: ReadonlyMap<string, Topic>,
  onClassicOnly: () => void,
): Membership {
  const loop = new GroupLoop(parts);
  const member = new ConsumerProtocolMember(loop, topics, onClassicOnly);
  loop.start(() => member.heartbeat());
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

class ConsumerProtocolMember {
  readonly #loop: GroupLoop;
  readonly #id = randomUUID();
  readonly #onClassicOnly: () => void;
  #topics: ReadonlyMap<string, Topic>;
  #epoch = joining;
  /** What the broker knows we own. */
  #owned: readonly TopicPartitions[] = [];
  /** What it wants us to own. */
  #target: readonly TopicPartitions[] | null = null;
  /** True from a revocation until the reader has let go: the broker must not hear of it sooner. */
  #releasing = false;
  #expectantTurns = expectantTurns;

  constructor(loop: GroupLoop, topics: ReadonlyMap<string, Topic>, onClassicOnly: () => void) {
    this.#loop = loop;
    this.#topics = topics;
    this.#onClassicOnly = onClassicOnly;
  }

  /** One exchange; returns the pause until the next, in milliseconds. */
  async heartbeat(): Promise<number> {
    const { groupId, limits } = this.#loop.parts;
    try {
      const answer = await this.#send(this.#epoch, this.#owned);
      this.#epoch = answer.memberEpoch;
      const pauseMs = Math.min(answer.heartbeatIntervalMs, this.#expectantTurns-- > 0 ? expectantMs : limits.heartbeatMs);
      if (answer.assignment === null) return pauseMs;
      const changed = await this.#announce(answer.assignment.topicPartitions);
      if (changed) this.#expectantTurns = expectantTurns;
      // Unless something has to be let go first, it is ours at once, and the broker waits to hear that.
      return this.#settle(changed) ? 0 : pauseMs;
    } catch (error) {
      const errors = brokerErrors(error);
      const member = this.#epoch !== joining;
      if (errors.some((name) => fenced.includes(name) || (member && name === groupGone))) return this.#start();
      if (!member && errors.some((name) => classicOnly.includes(name))) {
        this.#onClassicOnly();
        return limits.rebalanceTimeoutMs;
      }
      const refused = errors.find((name) => invalid.includes(name));
      if (refused !== undefined)
        throw new Terminal(
          "GroupInvalid",
          `kafka consumer group "${groupId}": the broker answered ${refused}. Choose another groupId`,
        );
      throw error;
    }
  }

  subscribe(topics: ReadonlyMap<string, Topic>): void {
    this.#topics = topics;
    this.#loop.hurry();
  }

  confirm(assignment: Assignment): void {
    if (assignment !== this.#loop.assignment || this.#target === null || this.#target === this.#owned) return;
    this.#releasing = false;
    this.#owned = this.#target;
    this.#loop.hurry();
  }

  async commit(topics: ReturnType<typeof byTopic>): Promise<void> {
    const { groupId } = this.#loop.parts;
    await this.#loop.ask(
      ({ connection }) => offsetCommitV9.api.async(connection, groupId, this.#epoch, this.#id, null, topics),
      [...fenced, "STALE_MEMBER_EPOCH"],
    );
  }

  async leave(): Promise<void> {
    if (this.#epoch > joining) await this.#send(leaving, []);
  }

  #send(epoch: number, owned: readonly TopicPartitions[]) {
    const { groupId, limits } = this.#loop.parts;
    const names = [...this.#topics.keys()];
    const current = owned.map(({ topicId, partitions }) => ({ topicId, partitions: [...partitions] }));
    return this.#loop.ask(
      (broker) => {
        const api = speaks(broker, consumerGroupHeartbeatV1.api) ? consumerGroupHeartbeatV1.api : consumerGroupHeartbeatV0.api;
        // Version 0 brokers choose the member's id; they take the one a member brings as well.
        return api.async(
          broker.connection,
          groupId,
          this.#id,
          epoch,
          null,
          null,
          limits.rebalanceTimeoutMs,
          names,
          null,
          null,
          current,
        );
      },
      [...fenced, ...classicOnly, ...invalid],
    );
  }

  /** Joins anew, owning nothing. */
  #start(): number {
    this.#epoch = joining;
    this.#owned = [];
    this.#target = null;
    this.#releasing = false;
    this.#expectantTurns = expectantTurns;
    this.#loop.assign({ partitions: new Map() });
    return 0;
  }

  /** Takes over the target, unless the reader first has to let go something; true where the broker has to hear of it. */
  #settle(changed: boolean): boolean {
    const target = this.#target ?? [];
    const wanted = new Set(target.flatMap(names));
    const owned = this.#owned.flatMap(names);
    const lost = owned.some((name) => !wanted.has(name));
    if (lost && changed) this.#releasing = true;
    if (this.#releasing) return false;
    this.#owned = target;
    return lost || wanted.size > owned.length;
  }

  /** Takes the target and tells of it, at one moment: what is confirmed has to be what was told. */
  async #announce(target: readonly TopicPartitions[]): Promise<boolean> {
    let known = this.#byId();
    if (target.some(({ topicId }) => !known.has(topicId))) {
      this.#topics = await this.#loop.parts.cluster.topics([...this.#topics.keys()]);
      known = this.#byId();
    }
    this.#target = target;
    return this.#loop.assign({
      partitions: new Map(
        target.flatMap(({ topicId, partitions }) =>
          known.has(topicId) ? [[known.get(topicId)!, partitions.toSorted((a, b) => a - b)]] : [],
        ),
      ),
    });
  }

  #byId(): ReadonlyMap<string, string> {
    return new Map([...this.#topics.values()].map(({ id, name }) => [id, name]));
  }
}

function names({ topicId, partitions }: TopicPartitions): string[] {
  return partitions.map((partition) => `${topicId}/${partition}`);
}
