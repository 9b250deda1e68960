import type { StatementCall } from "../statements/statement.ts";
import { Scanner } from "../stages/scanner.ts";
import { findPipe } from "./find-pipe.ts";

/** What SYSTEM$PIPE_STATUS answers for the name of a pipe: JSON. Throws SnowflakeError where there is no such pipe. */
export async function pipeStatus(name: string, call: Pick<StatementCall, "account" | "session">): Promise<string> {
  const { account } = call;
  const pipe = findPipe(new Scanner(name).identifierPath(), call);
  const pending = await account.pipes.pending(pipe);
  const last = account.pipes.reports.read(pipe.id, null, account.now()).files.at(-1);
  return JSON.stringify({
    executionState: pipe.paused ? "PAUSED" : "RUNNING",
    pendingFileCount: pending.length,
    ...(pending[0] === undefined ? {} : { oldestFileTimestamp: new Date(pending[0].receivedMs).toISOString() }),
    ...(last === undefined
      ? {}
      : { lastIngestedTimestamp: new Date(last.lastLoadMs).toISOString(), lastIngestedFilePath: last.path }),
  });
}
