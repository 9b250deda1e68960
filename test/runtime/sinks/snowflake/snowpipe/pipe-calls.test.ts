import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { SnowflakeAccount } from "../../../../../runtime/snowflake/account.ts";
import { reportedFile } from "../../../../../runtime/sinks/snowflake/snowpipe/pipe-calls.ts";

const ours = "snowpipe/5c0ff2a0-0000-4000-8000-000000000000/rows-1.parquet";

test.each([
  [ours, true],
  ["5c0ff2a0-0000-4000-8000-000000000000/rows-1.parquet", true],
  // Somebody else's, in a stage or through a pipe that is shared.
  ["rows-1.parquet", false],
  ["4b0ff2a0-0000-4000-8000-000000000000/rows-1.parquet", false],
])("a report of %s is taken for that of our file: %s", async (path, taken) => {
  const server = createServer((_, response) => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ completeResult: true, files: [{ path, complete: true, status: "LOADED", rowsInserted: 3 }] }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  try {
    const account: Pick<SnowflakeAccount, "url" | "bearer"> = {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      bearer: async () => ({ token: "token", type: "KEYPAIR_JWT" }),
    };
    const { report } = await reportedFile(account as SnowflakeAccount, "DB.PUBLIC.P", ours);
    expect(report).toEqual(taken ? { kind: "loaded", rows: 3 } : null);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
