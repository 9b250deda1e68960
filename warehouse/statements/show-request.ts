import { SnowflakeError } from "../result.ts";
import { TokenCursor } from "../sql/token-cursor.ts";
import type { StatementCall } from "./statement.ts";

/** What a SHOW asks for: `SHOW [TERSE] TABLES [HISTORY] [LIKE '…'] [IN …] [STARTS WITH '…'] [LIMIT n [FROM '…']]`. */
export interface ShowRequest {
  readonly terse: boolean;
  /** Null in both: the whole account. */
  readonly database: string | null;
  readonly schema: string | null;
  /** IN TABLE x, or IN VIEW x. */
  readonly table: { readonly database: string; readonly schema: string; readonly name: string } | null;
  /** True for a name that is asked for. */
  matches(name: string): boolean;
  readonly limit: number;
  /** Names after this one. */
  readonly after: string | null;
}

/** Reads a SHOW whose words are these. Without IN it is about the session's schema. Throws SnowflakeError. */
export function showRequest(call: StatementCall, ...words: readonly string[]): ShowRequest {
  const cursor = new TokenCursor(call.text);
  cursor.expect("SHOW");
  const terse = cursor.accept("TERSE");
  cursor.expect(...words);
  cursor.accept("HISTORY");
  const pattern = cursor.accept("LIKE") ? cursor.string() : null;
  const scope = readScope(cursor, call);
  const start = cursor.accept("STARTS", "WITH") ? cursor.string() : null;
  const limit = cursor.accept("LIMIT") ? Number(cursor.take().text) : Number.POSITIVE_INFINITY;
  const after = cursor.accept("FROM") ? cursor.string() : null;
  cursor.end();
  const like = pattern === null ? null : likePattern(pattern);
  return {
    terse,
    ...scope,
    matches: (name) => (like?.test(name) ?? true) && (start === null || name.startsWith(start)),
    limit,
    after,
  };
}

type Scope = Pick<ShowRequest, "database" | "schema" | "table">;

function readScope(cursor: TokenCursor, { session, account }: StatementCall): Scope {
  const here = { database: session.database, schema: session.schema, table: null };
  if (!cursor.accept("IN") && !cursor.accept("FOR")) return here;
  // Where parameters are asked of.
  if (cursor.accept("SESSION")) return here;
  if (cursor.accept("WAREHOUSE") || cursor.accept("USER")) {
    cursor.identifier();
    return here;
  }
  if (cursor.accept("ACCOUNT")) return { database: null, schema: null, table: null };
  const isEnd = () => cursor.isAtEnd || ["STARTS", "LIMIT"].some((word) => cursor.sees(word));
  if (cursor.accept("TABLE") || cursor.accept("VIEW")) return { ...here, table: cursor.objectName(session) };
  if (cursor.accept("DATABASE")) {
    const database = isEnd() ? session.database : cursor.identifier();
    if (database !== null && !account.catalog.hasDatabase(database)) throw notUsable();
    return { database, schema: null, table: null };
  }
  const isSchema = cursor.accept("SCHEMA");
  if (isEnd()) return here;
  const parts = cursor.nameParts();
  if (parts.length === 1 && !isSchema && account.catalog.hasDatabase(parts[0]!))
    return { database: parts[0]!, schema: null, table: null };
  const database = parts.at(-2) ?? session.database;
  const schema = parts.at(-1)!;
  if (database === null || (!account.catalog.hasSchema(database, schema) && schema !== "INFORMATION_SCHEMA")) throw notUsable();
  return { database, schema, table: null };
}

/** A pattern of LIKE, for which the letters' case does not matter. */
function likePattern(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\(?<escaped>.)|(?<wild>[%_])|(?<plain>[^%_\\])/gs, (...match) => {
    const { escaped, wild, plain } = match.at(-1) as { escaped?: string; wild?: string; plain?: string };
    if (wild !== undefined) return wild === "%" ? ".*" : ".";
    return (escaped ?? plain ?? "").replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${source}$`, "is");
}

function notUsable(): SnowflakeError {
  return new SnowflakeError(
    "002043",
    "02000",
    "SQL compilation error:\nObject does not exist, or operation cannot be performed.",
  );
}
