import type { Problem } from "../../crds/check.ts";
import { aggregateNames } from "../../transform/accept-statement.ts";
import { compilePipelineSpec } from "../../transform/compile-pipeline.ts";
import type { SqlProblem } from "../../transform/compiled.ts";
import { openLockedDatabase } from "../../transform/locked-database.ts";
import { sqlPath } from "../../transform/sql-problem.ts";
import type { CompileRequest, Verdict } from "./compile-message.ts";

/** Compiles in this process. Throws nothing for what is wrong with the SQL. */
export type Judge = (request: CompileRequest) => Promise<Verdict>;

/** Asks DuckDB once for what all compiles have in common. */
export async function openJudge(): Promise<Judge> {
  const database = await openLockedDatabase({ directory: null, memoryBytes: 64 * 1024 * 1024, threads: 1 });
  const aggregates = await aggregateNames(database.connection).finally(() => database.close());
  return async ({ members, compileMsMax }) => {
    const compiled = await compilePipelineSpec(members, { compileMsMax, aggregates });
    if (Array.isArray(compiled)) return { problems: compiled.map(problemOf), warnings: [] };
    return { problems: [], warnings: compiled.warnings.map((message) => problemOf({ path: sqlPath, message })) };
  };
}

function problemOf({ path, message, line, column }: SqlProblem): Problem {
  const place = line === undefined ? "" : `line ${line}, column ${column ?? 1}: `;
  return { path: `spec.${path}`, message: `${place}${message}` };
}
