import { NotConnected, Terminal } from "../../component/errors.ts";
import { refusal, StatementRefused } from "../../snowflake/errors.ts";

/** What the engine should make of a refused statement of a sink: waiting helps only for a lock. Other errors pass as they are. */
export function steeredRefusal(error: unknown): unknown {
  if (!(error instanceof StatementRefused)) return error;
  if (error.code === refusal.lock) return new NotConnected(error.message);
  if (error.code === refusal.privilege || error.code === refusal.missing || error.code === refusal.missingSchema)
    return new Terminal(
      "PrivilegeMissing",
      `${error.message}: \`snowline plan\` says what is not there and prints the GRANTs that the role lacks`,
    );
  return new Terminal("LoadRefused", error.message);
}
