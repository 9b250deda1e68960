import { pino } from "pino";
import type { Cluster, Topic } from "../../../../runtime/kafka/cluster.ts";
import { kafkaLimits } from "../../../../runtime/kafka/kafka-limits.ts";
import type { MembershipParts } from "../../../../runtime/sources/kafka/membership.ts";

/** An error as the client reports the broker's: by name. */
export const brokerError = (apiId: string): Error => Object.assign(new Error(apiId), { apiId });

type Send = (...args: unknown[]) => void;

/** A member's surroundings, with a coordinator that answers each request as the test says, by what the request's writer wrote. */
export function stubParts(answer: (request: Buffer) => unknown, topics: ReadonlyMap<string, Topic> = new Map()): MembershipParts {
  const send: Send = (_key, _version, createRequest, ...rest) => {
    const callback = rest.at(-1) as (error: Error | null, response?: unknown) => void;
    const request = (createRequest as () => { buffer: Buffer })().buffer;
    try {
      const response = answer(request);
      setImmediate(() => callback(null, response));
    } catch (error) {
      setImmediate(() => callback(error as Error));
    }
  };
  const broker = { connection: { send }, newest: new Map([[68, 1]]) };
  const cluster = {
    bootstrap: "stub:9092",
    coordinator: async () => broker,
    call: async (to: unknown, request: (broker: unknown) => Promise<unknown>) => request(to),
    topics: async () => topics,
  };
  return {
    cluster: cluster as unknown as Cluster,
    groupId: "group",
    limits: kafkaLimits,
    log: pino({ level: "silent" }),
    onChange: () => {},
  };
}
