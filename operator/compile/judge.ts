import type { Problem } from "../../crds/check.ts";
import { openCompileDatabase } from "../../transform/compile-database.ts";
import { compilePipelineSpec } from "../../transform/compile-pipeline.ts";
import type { SqlProblem } from "../../transform/compiled.ts";
import { sqlPath } from "../../transform/sql-problem.ts";
import type { CompileRequest, Verdict } from "./compile-message.ts";

/** Compiles in this process, one request at a time. Throws nothing for what is wrong with the SQL. */
export type Judge = (request: CompileRequest) => Promise<Verdict>;

/** Opens the one database in which all compiles of this process happen. */
export async function openJudge(): Promise<Judge> {
  const database = await openCompileDatabase();
  return async ({ members, compileMsMax }) => {
    const compiled = await compilePipelineSpec(members, { compileMsMax, database });
    if (Array.isArray(compiled)) return { problems: compiled.map(problemOf), warnings: [] };
    return { problems: [], warnings: compiled.warnings.map((message) => problemOf({ path: sqlPath, message })) };
  };
}

function problemOf({ path, message, line, column }: SqlProblem): Problem {
  const place = line === undefined ? "" : `line ${line}, column ${column ?? 1}: `;
  return { path: `spec.${path}`, message: `${place}${message}` };
}
