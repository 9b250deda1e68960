import type { StatementCall } from "../statements/statement.ts";

/** Commits the open transaction, as Snowflake does before DDL. A temporary object's DDL leaves it open. */
export async function beforeDefinition({ session }: StatementCall, temporary: boolean): Promise<void> {
  if (!temporary && session.transaction.id !== null) await session.transaction.commit();
}

/** `CREATE kind` with the words that may stand between: every way to begin such a statement. */
export function createWords(kind: readonly string[]): readonly (readonly string[])[] {
  return [[], ["OR", "REPLACE"]].flatMap((replace) =>
    [[], ["TEMPORARY"], ["TEMP"]].map((temporary) => ["CREATE", ...replace, ...temporary, ...kind]),
  );
}

/** Whether a name fits a pattern of LIKE, whose letters' case does not matter; everything fits where there is none. */
export function isLike(name: string, pattern: string | null): boolean {
  if (pattern === null) return true;
  const source = pattern.replaceAll(/\\(.)|([%_])|([^%_\\])/gs, (_, escaped?: string, wild?: string, plain?: string) => {
    if (wild !== undefined) return wild === "%" ? ".*" : ".";
    return (escaped ?? plain ?? "").replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${source}$`, "is").test(name);
}
