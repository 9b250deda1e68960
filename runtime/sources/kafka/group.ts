import type { Topic } from "../../kafka/cluster.ts";
import { joinByClassicProtocol } from "./classic-protocol.ts";
import { joinByConsumerProtocol, speaksConsumerProtocol } from "./consumer-protocol.ts";
import type { Membership, MembershipParts } from "./membership.ts";

/**
 * Joins the consumer group by the newest protocol its brokers speak: KIP-848's, or the classic one where they do not know
 * it, have it switched off, or hold the group to the classic one. Throws NotConnected and Terminal.
 */
export async function joinGroup(parts: MembershipParts, topics: ReadonlyMap<string, Topic>): Promise<Membership> {
  if (!speaksConsumerProtocol(await parts.cluster.anyBroker())) return joinByClassicProtocol(parts, topics);
  let subscribed = topics;
  let current = joinByConsumerProtocol(parts, topics, () => {
    parts.log.info({ group: parts.groupId }, "kafka brokers know only the classic group protocol: using that");
    const former = current;
    current = joinByClassicProtocol(parts, subscribed);
    // It never became a member: there is nothing to leave.
    void former[Symbol.asyncDispose]();
  });
  return {
    get assignment() {
      return current.assignment;
    },
    get failure() {
      return current.failure;
    },
    get trouble() {
      return current.trouble;
    },
    subscribe: (changed) => current.subscribe((subscribed = changed)),
    confirm: (assignment) => current.confirm(assignment),
    commit: (offsets) => current.commit(offsets),
    [Symbol.asyncDispose]: () => current[Symbol.asyncDispose](),
  };
}
