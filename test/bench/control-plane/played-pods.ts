import { createServer, type Server } from "node:http";
import { podPort } from "../../../operator/pipeline/names.ts";

/** What a pod tells that has loaded everything there is. */
const report = JSON.stringify({
  started: true,
  proven: true,
  proof: { kind: "caughtUp", message: "there is nothing to load" },
  conditions: ["SourceReachable", "SinkReachable"].map((type) => ({
    type,
    status: "True",
    reason: "Connected",
    message: "the last call was answered",
    lastTransitionTime: "2026-01-01T00:00:00.000Z",
  })),
  totals: { recordsRead: 1000, rowsLoaded: 900, recordsRejected: 0 },
  rates: { recordsPerSecond: 0, rowsPerSecond: 0 },
  lag: { records: 0, seconds: 0, furthestBehind: null },
  splits: 4,
  lastLoadTime: "2026-01-01T00:00:00.000Z",
});

/** Answers for every pod that KWOK plays: their addresses are all of the loopback. */
export async function startPlayedPods(): Promise<Server> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(report);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(podPort, "0.0.0.0", resolve);
  });
  return server;
}
