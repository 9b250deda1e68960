import type { TableColumn } from "../../component/table-plan.ts";
import { refusal, StatementRefused } from "../../snowflake/errors.ts";
import type { SnowflakeSession } from "../../snowflake/session.ts";
import type { WholeName } from "./sink-names.ts";

/** The table's columns in order, types as Snowflake prints them; null where there is none, or none that our role may see. No warehouse is needed. */
export async function describeTable(session: SnowflakeSession, { sql }: WholeName): Promise<readonly TableColumn[] | null> {
  try {
    const { columns, rows } = await session.execute(`DESCRIBE TABLE ${sql}`);
    const at = (name: string): number => columns.findIndex((column) => column.toLowerCase() === name);
    const [name, type, nullable, byDefault, kind, expression] = ["name", "type", "null?", "default", "kind", "expression"].map(
      at,
    );
    return rows.map((row) => ({
      name: row[name!]!,
      type: row[type!]!,
      nullable: row[nullable!] === "Y",
      hasDefault: (row[byDefault!] ?? null) !== null,
      generated: row[kind!] === "VIRTUAL_COLUMN" || (row[expression!] ?? null) !== null,
    }));
  } catch (error) {
    if (error instanceof StatementRefused && (error.code === refusal.missing || error.code === refusal.missingSchema))
      return null;
    throw error;
  }
}
