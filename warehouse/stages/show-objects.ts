import type { StatementCall } from "../statements/statement.ts";
import type { Shelved } from "./object-shelf.ts";
import type { Scanner } from "./scanner.ts";
import { scannerOf } from "./bound-text.ts";
import { isLike } from "./statement-context.ts";

/** What SHOW chooses from. */
export interface ShowOptions<T> {
  /** The words the statement begins with. */
  readonly words: readonly string[];
  readonly objects: readonly T[];
}

/** The objects that `SHOW kind [LIKE '…'] [IN ACCOUNT | DATABASE x | SCHEMA x.y | x.y]` is about: by default those of the session's schema. Throws SnowflakeError. */
export function showObjects<T extends Shelved>(call: StatementCall, { words, objects }: ShowOptions<T>): readonly T[] {
  const scanner = scannerOf(call);
  for (const word of words) scanner.expect(word);
  const pattern = scanner.take("LIKE") === null ? null : scanner.string();
  const { database, schema } = readScope(scanner, call);
  scanner.end();
  return objects.filter(
    ({ name }) =>
      isLike(name.name, pattern) &&
      (database === null || name.database === database) &&
      (schema === null || name.schema === schema),
  );
}

function readScope(
  scanner: Scanner,
  { session }: StatementCall,
): { readonly database: string | null; readonly schema: string | null } {
  if (scanner.take("IN") === null) return { database: session.database, schema: session.schema };
  if (scanner.take("ACCOUNT") !== null) return { database: null, schema: null };
  if (scanner.take("DATABASE") !== null) {
    return { database: scanner.peek().kind === "end" ? session.database : scanner.identifier(), schema: null };
  }
  const named = scanner.take("SCHEMA") !== null;
  if (named && scanner.peek().kind === "end") return { database: session.database, schema: session.schema };
  const path = scanner.identifierPath();
  if (path.length > 1) return { database: path[0] ?? null, schema: path[1] ?? null };
  return { database: session.database, schema: path[0] ?? null };
}
