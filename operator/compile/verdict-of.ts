import { triesMax } from "./child-pool.ts";
import type { CompileRequest, Verdict } from "./compile-message.ts";
import type { Outcome } from "./compile-process.ts";

/** What is to be said about the SQL, and for how many milliseconds it holds. */
export interface LastingVerdict {
  readonly verdict: Verdict;
  readonly holdsMs: number;
}

/** SQL that was too much for a child may come through on a node less busy, in milliseconds. */
const refusedMs = 600_000;

/** Judges how compiling went. An error where nothing can be said about the SQL. Pure. */
export function verdictOf(outcome: Outcome, { compileMsMax }: CompileRequest): LastingVerdict | Error {
  const refused = (message: string): LastingVerdict => ({
    verdict: { problems: [{ path: "spec.transform.sql", message }], warnings: [] },
    holdsMs: refusedMs,
  });
  const smaller = "make its constant expressions smaller, or its CTEs fewer";
  switch (outcome.kind) {
    case "verdict":
      return { verdict: outcome.verdict, holdsMs: outcome.spent ? refusedMs : Infinity };
    case "late":
      return refused(`takes too long to compile: it was given up after ${compileMsMax / 1000} s; ${smaller}`);
    case "memory":
      return refused(`takes too much memory to compile: ${smaller}`);
    case "died":
      return refused(`cannot be compiled: DuckDB ended over it (${outcome.how}), ${triesMax} times; ${smaller}`);
    case "unstarted":
      return new Error(`compiler: its process cannot be started (${outcome.how}); try again later`);
    default:
      return outcome satisfies never;
  }
}
