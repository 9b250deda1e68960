import { SnowflakeError, type StatementResult } from "../result.ts";
import { tokenize } from "../sql/tokens.ts";
import { snowflakeError } from "../engine/duckdb-errors.ts";
import { statementKinds } from "./registry.ts";
import type { StatementCall, StatementKind } from "./statement.ts";

/** Carries out one statement. Throws SnowflakeError. */
export async function executeStatement(call: StatementCall): Promise<StatementResult> {
  const kind = kindOf(call.text);
  try {
    return await kind.execute(call);
  } catch (error) {
    throw snowflakeError(error);
  }
}

/** The kind whose words the statement begins with; of several the one with the most words. */
function kindOf(text: string): StatementKind {
  const tokens = tokenize(text);
  const first = tokens[0];
  if (first === undefined) throw new SnowflakeError("000900", "42601", "SQL compilation error:\nEmpty SQL statement.");
  const matching = statementKinds.filter(({ words }) => words.every((word, index) => tokens[index]?.value === word));
  const kind = matching.toSorted((a, b) => b.words.length - a.words.length)[0];
  if (kind !== undefined) return kind;
  throw new SnowflakeError(
    "001003",
    "42000",
    `SQL compilation error:\nsyntax error line 1 at position ${first.start} unexpected '${first.text}'.`,
  );
}
