import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { givenHostAddress } from "../cluster/cluster-for-tests.ts";
import { type Broker, startBroker } from "./broker.ts";
import { type SchemaRegistry, startSchemaRegistry } from "./schema-registry.ts";
import type { SharedParts } from "./shared-broker.ts";

/** Quick rebalances: members are told within half a second instead of five. */
const quickGroups = {
  "group.consumer.heartbeat.interval.ms": 300,
  "group.consumer.min.heartbeat.interval.ms": 300,
  "group.consumer.session.timeout.ms": 6000,
  "group.consumer.min.session.timeout.ms": 6000,
  "group.consumer.assignment.interval.ms": 0,
};

/**
 * Vitest's global setup: offers one broker and one schema registry for the whole run, each started when the first test
 * asks for it (shared-broker.ts), so that a run of pure tests starts nothing. Returns what ends them.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // On a cluster pods use it, too.
  const address = givenHostAddress();
  const onBridge = address === undefined ? {} : { address };
  const parts: { broker?: Promise<Broker>; registry?: Promise<SchemaRegistry> } = {};
  const start = async (path: string | undefined): Promise<SharedParts[keyof SharedParts]> => {
    if (path === "/registry") return { url: (await (parts.registry ??= startSchemaRegistry())).url };
    const { bootstrap, secure } = await (parts.broker ??= startBroker({ ...onBridge, security: true, properties: quickGroups }));
    return { bootstrap, secure: secure! };
  };
  const server = createServer((request, response) => {
    start(request.url).then(
      (part) => response.end(JSON.stringify(part)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  project.provide("sharedParts", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    await Promise.allSettled([
      parts.broker?.then((broker) => broker.stop()),
      parts.registry?.then((registry) => registry.stop()),
    ]);
  };
}
