import { missing, wholeObjectName } from "../stages/resolve-stage.ts";
import type { StatementCall } from "../statements/statement.ts";
import type { Pipe } from "./pipe.ts";

/** The pipe of this name. Throws SnowflakeError 002003 where there is none. */
export function findPipe(
  parts: readonly string[],
  {
    account,
    session,
  }: Pick<StatementCall, "account"> & { readonly session: Pick<StatementCall["session"], "database" | "schema"> },
): Pipe {
  const name = wholeObjectName(parts, session);
  const pipe = account.pipes.definitions.find(name, null);
  if (pipe === undefined) throw missing("Pipe", name);
  return pipe;
}
