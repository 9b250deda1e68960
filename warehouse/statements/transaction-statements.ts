import { TokenCursor } from "../sql/token-cursor.ts";
import { statusResult } from "./count-result.ts";
import type { StatementCall, StatementKind } from "./statement.ts";
import { statementTypes } from "./statement-types.ts";

/** BEGIN [WORK | TRANSACTION] [NAME x], START TRANSACTION, COMMIT, ROLLBACK. */
export const transactionStatements: readonly StatementKind[] = [
  { words: ["BEGIN"], execute: begin },
  { words: ["START", "TRANSACTION"], execute: begin },
  {
    words: ["COMMIT"],
    execute: async (call) => {
      if (!call.describeOnly) await call.session.transaction.commit();
      return statusResult(statementTypes.commit);
    },
  },
  {
    words: ["ROLLBACK"],
    execute: async (call) => {
      if (!call.describeOnly) await call.session.transaction.rollback();
      return statusResult(statementTypes.rollback);
    },
  },
];

async function begin(call: StatementCall) {
  const cursor = new TokenCursor(call.text);
  if (!cursor.accept("START", "TRANSACTION")) {
    cursor.expect("BEGIN");
    if (!cursor.accept("WORK")) cursor.accept("TRANSACTION");
  }
  const name = cursor.accept("NAME") ? cursor.identifier() : null;
  cursor.end();
  if (!call.describeOnly) await call.session.transaction.begin(name);
  return statusResult(statementTypes.begin);
}
