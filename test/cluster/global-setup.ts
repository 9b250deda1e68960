import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { type ApiServer, startApiServer } from "./api-server.ts";

const definitions = join(import.meta.dirname, "..", "..", "crds", "generated");

/**
 * Vitest's global setup: offers one API server for the whole run, started when the first test asks for it (shared-api-server.ts),
 * so that a run of pure tests starts nothing. Returns what ends it.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let shared: Promise<ApiServer> | undefined;
  const server = createServer((_request, response) => {
    (shared ??= start()).then(
      ({ place }) => response.end(JSON.stringify(place)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  project.provide("sharedApiServer", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    await Promise.allSettled([shared?.then((apiServer) => apiServer.stop())]);
  };
}

async function start(): Promise<ApiServer> {
  const apiServer = await startApiServer({ controllers: true, say: (line) => console.log(line) });
  await apiServer.kubectl(["apply", "--server-side", "-f", definitions]);
  await apiServer.kubectl(["wait", "--for=condition=Established", "--timeout=60s", "-f", definitions]);
  return apiServer;
}
