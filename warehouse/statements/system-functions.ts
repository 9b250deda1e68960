import { setTimeout } from "node:timers/promises";
import { pipeStatus } from "../pipes/pipe-status.ts";
import { SnowflakeError } from "../result.ts";
import type { KnownArguments } from "../sql/known-arguments.ts";
import type { QueryScope } from "../sql/query-scope.ts";

type SystemFunction = (args: KnownArguments, scope: QueryScope) => Promise<string> | string;

const functions: Readonly<Record<string, SystemFunction>> = {
  SYSTEM$ABORT_TRANSACTION: async ({ positional: [id] }, { account }) => {
    const wanted = /^\d+$/.test(id ?? "") ? BigInt(id!) : null;
    if (wanted === null || !(await account.transactions.abort(wanted)))
      throw new SnowflakeError("000659", "25000", `Transaction ${id ?? ""} does not exist or was already ended.`);
    return "Transaction aborted.";
  },
  SYSTEM$CANCEL_QUERY: ({ positional: [id] }, { account }) =>
    account.queries.cancel(id ?? "") ? `query [${id}] terminated.` : "Identified SQL statement is not currently executing.",
  SYSTEM$PIPE_STATUS: ({ positional: [name] }, scope) => pipeStatus(name ?? "", scope),
  SYSTEM$WAIT: async ({ positional: [amount, unit] }, { account, queryId }) => {
    const seconds = Number(amount) * (/^min/i.test(unit ?? "") ? 60 : /^milli/i.test(unit ?? "") ? 0.001 : 1);
    const signal = account.queries.get(queryId)?.signal;
    await setTimeout(seconds * 1000, undefined, signal === undefined ? {} : { signal }).catch(() => {
      throw new SnowflakeError("000604", "57014", "SQL execution canceled");
    });
    return `waited ${amount} ${unit?.toLowerCase() ?? "seconds"}`;
  },
  SYSTEM$WHITELIST: () => "[]",
  SYSTEM$ALLOWLIST: () => "[]",
};

/** The answer of a SYSTEM$ function. Throws SnowflakeError where there is none of that name. */
export async function systemFunction(name: string, args: KnownArguments, scope: QueryScope): Promise<string> {
  const found = functions[name];
  if (found === undefined) throw new SnowflakeError("002140", "42601", `SQL compilation error:\nUnknown function ${name}`);
  return found(args, scope);
}
