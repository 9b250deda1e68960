import { StatementRefused } from "../../runtime/snowflake/errors.ts";
import type { SnowflakeSession } from "../../runtime/snowflake/session.ts";
import type { Window } from "./windows.ts";

/** What a warehouse was billed. Others may use it, too. */
export type Credits =
  | { readonly kind: "visible"; readonly warehouse: string; readonly credits: number }
  | { readonly kind: "hidden"; readonly why: string };

/** Reads the session's warehouse's credits, which an account shows hours later and not to every role. */
export async function auditCredits(session: SnowflakeSession, { fromMs, toMs }: Window): Promise<Credits> {
  const { rows: current } = await session.execute("SELECT CURRENT_WAREHOUSE(), CURRENT_ROLE()");
  const [warehouse, role] = current[0] ?? [];
  if (typeof warehouse !== "string") return { kind: "hidden", why: "the session has no warehouse" };
  try {
    const { rows } = await session.execute(
      `SELECT SUM(CREDITS_USED) FROM SNOWFLAKE.ACCOUNT_USAGE.WAREHOUSE_METERING_HISTORY
 WHERE WAREHOUSE_NAME = ? AND END_TIME >= TO_TIMESTAMP_LTZ(${fromMs}, 3) AND START_TIME < TO_TIMESTAMP_LTZ(${toMs}, 3)`,
      { binds: [warehouse] },
    );
    return { kind: "visible", warehouse, credits: Number(rows[0]?.[0] ?? 0) };
  } catch (error) {
    if (!(error instanceof StatementRefused)) throw error;
    return {
      kind: "hidden",
      why: `role ${role ?? "unknown"} may not see them: GRANT IMPORTED PRIVILEGES ON DATABASE SNOWFLAKE TO ROLE ${role ?? "…"}`,
    };
  }
}
