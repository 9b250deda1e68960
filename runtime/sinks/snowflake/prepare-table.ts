import type { Column, TargetColumn } from "../../../transform/column.ts";
import { Terminal } from "../../component/errors.ts";
import type { TableColumn } from "../../component/table-plan.ts";
import { refusal, StatementRefused } from "../../snowflake/errors.ts";
import { readableName } from "../../snowflake/readable-name.ts";
import type { SnowflakeSession } from "../../snowflake/session.ts";
import { describeTable } from "./describe-table.ts";
import type { WholeName } from "./sink-names.ts";
import type { SinkSetup } from "./sink-setup.ts";
import { planSnowflakeTable, type StoredColumn } from "./table-plan.ts";

/** What the table takes after `prepareTable`. */
export interface PreparedTable {
  /** What rows bring, by the SQL's names. */
  readonly target: readonly TargetColumn[];
  /** Where they go, by the SQL's names; the column of `mode.upsert.deleteWhen` is not among them. */
  readonly stored: ReadonlyMap<string, StoredColumn>;
  /** One text of the table's columns and their types: it changes when they do. */
  readonly digest: string;
}

/** Rounds of looking and changing. One more than it takes alone, and more for pods that change the table at the same time. */
const roundsMax = 5;

/** Times that the table is made and not seen afterwards: once may be somebody who drops it just then. */
const unseenMax = 2;

/**
 * Makes the table fit for rows with these columns, as far as the manifest lets it, and says what it takes. DDL, so never in a
 * transaction; two at once are fine. Throws Terminal where the manifest does not allow what it would take, or the role may not.
 */
export async function prepareTable(
  session: SnowflakeSession,
  { spec, names, context }: SinkSetup,
  columns: readonly Column[],
): Promise<PreparedTable> {
  const { table } = names;
  const { key = null, deleteWhen = null } = spec.mode.upsert ?? {};
  let made = 0;
  for (let round = 1; round <= roundsMax; round++) {
    const existing = await describeTable(session, table);
    if (existing !== null) made = 0;
    else if (++made > unseenMax) throw new Terminal("PrivilegeMissing", unseen(table));
    const plan = planSnowflakeTable({ table: table.sql, existing, columns, evolution: spec.schemaEvolution, key, deleteWhen });
    if (plan.kind === "refused") throw new Terminal("TableMismatch", `table ${table.sql}: ${plan.problems.join("; ")}`);
    if (plan.statements.length === 0) return { target: plan.target, stored: plan.stored, digest: tableDigest(existing) };
    for (const statement of plan.statements) {
      await define(session, statement);
      context.log.info({ statement }, "changed the table");
    }
  }
  throw new Terminal("TableUnstable", `table ${table.sql}: others change it as fast as it is prepared: end what does`);
}

/** CREATE … IF NOT EXISTS is content with a table that the role may not see. */
function unseen({ database, schema, name }: WholeName): string {
  const whole = readableName(database, schema, name);
  return `table ${whole}: it is there, but the role may not see it: GRANT SELECT, INSERT ON TABLE ${whole} TO the role (and UPDATE, DELETE to upsert)`;
}

/** The text of `PreparedTable.digest` for the columns that a table has now. */
export function tableDigest(existing: readonly TableColumn[] | null): string {
  return JSON.stringify(existing);
}

/** Runs DDL; what Snowflake refuses is the owner's to solve. */
export async function define(session: SnowflakeSession, statement: string): Promise<void> {
  try {
    await session.execute(statement);
  } catch (error) {
    if (!(error instanceof StatementRefused)) throw error;
    const mayNot = [refusal.missing, refusal.missingSchema, refusal.privilege].some((code) => code === error.code);
    throw new Terminal(
      mayNot ? "PrivilegeMissing" : "TableNotChanged",
      mayNot
        ? `${statement}: ${error.message}: \`snowline plan\` says what is not there and prints the GRANTs that the role lacks`
        : `${statement}: ${error.message}: run it by hand as far as it is needed`,
    );
  }
}
