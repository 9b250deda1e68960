import type { SnowflakeSink } from "../../../crds/connectors/snowflake.ts";
import type { Column } from "../../../transform/column.ts";
import type { ComponentContext } from "../../component/context.ts";
import type { TableColumn } from "../../component/table-plan.ts";
import { refusal, StatementRefused } from "../../snowflake/errors.ts";
import { identifier, quotedName, textLiteral } from "../../snowflake/identifiers.ts";
import { readableName } from "../../snowflake/readable-name.ts";
import { snowflakeAccount } from "../../snowflake/account.ts";
import type { SnowflakeSession } from "../../snowflake/session.ts";
import { describeTable } from "./describe-table.ts";
import { grantedTo, missingOf } from "./granted.ts";
import { createPositionsText } from "./positions.ts";
import { type Privilege, privilegesOf, stageParts } from "./privileges.ts";
import { createStageText, type SinkNames, sinkNames, type WholeName } from "./sink-names.ts";
import { planPipe } from "./snowpipe/plan-pipe.ts";
import { planSnowflakeTable } from "./table-plan.ts";

/** The `run` in the query tag of the statements that only ask. */
export const planRun = "plan";

/** What the sink would do before it loads. */
export interface SnowflakeSinkPlan {
  /** DDL that it would run, in order. Each may run twice. */
  readonly statements: readonly string[];
  /** Why it could not load: what the manifest does not allow; each a sentence with the way out. */
  readonly problems: readonly string[];
  /** The COPY that a pipe named by the manifest has to run; null where Snowline makes the pipe, or none is used. */
  readonly pipeCopy: string | null;
  /** What the account said; null where it was not asked. */
  readonly account: AskedAccount | null;
}

/** What the account said. */
export interface AskedAccount {
  readonly url: string;
  readonly user: string;
  readonly role: string | null;
  readonly warehouse: string | null;
  /** False too where the role may not see it. */
  readonly tableExists: boolean;
  /** Why nothing can be loaded where the manifest says: a schema that is not there, a view; each a sentence with the way out. */
  readonly unfit: readonly string[];
  /** Privileges that the role lacks; null where its grants cannot be read. */
  readonly missing: readonly Privilege[] | null;
}

/** Whose plan. */
export interface PlanOptions {
  readonly spec: SnowflakeSink;
  /** What the SQL yields. */
  readonly columns: readonly Column[];
  readonly pipeline: ComponentContext["pipeline"];
}

/** What is in the account already. `table`: its columns, or null. */
interface There {
  readonly table: readonly TableColumn[] | null;
  readonly positions: boolean;
  readonly stage: boolean;
  readonly pipe: boolean;
}
const nothing: There = { table: null, positions: false, stage: false, pipe: false };

/** The plan for an account without anything in it, which nobody asked. Pure. */
export function planUnasked(options: PlanOptions): SnowflakeSinkPlan {
  return { ...planned(options, nothing), account: null };
}

/** Asks the account, changing nothing in it. Throws NotConnected, and Terminal where it does not let us in. */
export async function planSnowflakeSink(options: PlanOptions, context: ComponentContext): Promise<SnowflakeSinkPlan> {
  const { spec, pipeline } = options;
  const names = sinkNames(spec, pipeline);
  const account = snowflakeAccount(context.connection(spec.connection).snowflake!, context);
  await using session = await account.openSession({ namespace: pipeline.namespace, pipeline: pipeline.name, run: planRun });
  const { rows } = await session.execute("SELECT CURRENT_USER(), CURRENT_ROLE(), CURRENT_WAREHOUSE()");
  const [user = null, role = null, warehouse = null] = rows[0] ?? [];
  const table = await describeTable(session, names.table);
  const { pipe, alters } = planned(options, { ...nothing, table });
  const there: There = {
    table,
    positions: (await describeTable(session, names.positions)) !== null,
    stage: await isThere(session, `STAGE ${names.stage.sql}`),
    pipe: pipe !== null && (await isThere(session, `PIPE ${pipe}`)),
  };
  const granted = role === null ? null : await grantedTo(session, role);
  // It may give itself what it lacks, and what it made is not all listed.
  const mayAll = role === "ACCOUNTADMIN";
  const needed = privilegesOf(spec, warehouse).filter((privilege) => isNeeded(privilege, there, { names, alters }));
  return {
    ...planned(options, there),
    account: {
      url: account.url,
      user: user ?? "",
      role,
      warehouse,
      tableExists: table !== null,
      unfit: [...(await unfitPlaces(session, names)), ...(await unfitObjects(session, options, there))],
      missing: mayAll ? [] : granted === null ? null : missingOf(needed, granted),
    },
  };
}

/** What only the account knows of the names in the manifest. No warehouse is needed. */
async function unfitPlaces(session: SnowflakeSession, { table, positions }: SinkNames): Promise<readonly string[]> {
  const places = positions.schema === table.schema ? [table] : [table, positions];
  const unfit = [];
  for (const { database, schema, name } of places) {
    const whole = readableName(database, schema, name);
    const kind = await kindOf(session, { database, schema, name });
    if (kind === "unseen") {
      unfit.push(
        `Schema ${readableName(database, schema)}: it is not there, or the role may not see it: create it, grant USAGE on it, or correct database, schema or stateSchema of the sink`,
      );
    }
    if (kind === "view") unfit.push(`Table ${whole}: it is a view, and nothing can be loaded into one: name a table`);
  }
  return unfit;
}

/** What the manifest names, and the owner of the account has to have made. */
async function unfitObjects(
  session: SnowflakeSession,
  { spec, pipeline }: PlanOptions,
  { table }: There,
): Promise<readonly string[]> {
  const { snowpipe, streaming } = spec.load;
  const names = sinkNames(spec, pipeline);
  const { database, schema } = snowpipe === undefined ? names.table : names.pipe;
  const pipe = (snowpipe ?? streaming)?.pipe;
  const stage = snowpipe?.stage === undefined ? [] : [["Stage", stageParts(snowpipe.stage, spec)] as const];
  const named = [...stage, ...(pipe === undefined ? [] : [["Pipe", [database, schema, identifier(pipe)]] as const])];
  const unfit = [];
  for (const [kind, parts] of named) {
    if (await isThere(session, `${kind.toUpperCase()} ${parts.map(quotedName).join(".")}`)) continue;
    unfit.push(
      `${kind} ${readableName(...parts)}: it is not there, or the role may not see it: make it, grant the role what it needs, or correct the name`,
    );
  }
  if (streaming?.onRejectedRows === "deadLetter" && table === null) {
    unfit.push(
      `Table ${readableName(names.table.database, names.table.schema, names.table.name)}: load.streaming.onRejectedRows deadLetter needs its error table: make it first, with the CREATE TABLE below and then ALTER TABLE … SET ERROR_LOGGING = TRUE`,
    );
  }
  return unfit;
}

async function kindOf(
  session: SnowflakeSession,
  { database, schema, name }: Omit<WholeName, "sql">,
): Promise<"view" | "other" | "unseen"> {
  const within = [database, schema].map(quotedName).join(".");
  try {
    // LIKE finds names that are similar as well.
    const { columns, rows } = await session.execute(`SHOW TERSE OBJECTS LIKE ${textLiteral(name)} IN SCHEMA ${within}`);
    const [nameAt, kindAt] = ["name", "kind"].map((column) => columns.indexOf(column));
    const kind = rows.find((row) => row[nameAt!] === name)?.[kindAt!] ?? "";
    return /VIEW/i.test(kind) ? "view" : "other";
  } catch (error) {
    if (error instanceof StatementRefused && (error.code === refusal.missing || error.code === refusal.missingSchema))
      return "unseen";
    throw error;
  }
}

function planned(
  { spec, columns, pipeline }: PlanOptions,
  there: There,
): Omit<SnowflakeSinkPlan, "account"> & { readonly pipe: string | null; readonly alters: boolean } {
  const names = sinkNames(spec, pipeline);
  const { key = null, deleteWhen = null } = spec.mode.upsert ?? {};
  const plan = planSnowflakeTable({
    table: names.table.sql,
    existing: there.table,
    columns,
    evolution: spec.schemaEvolution,
    key,
    deleteWhen,
  });
  if (plan.kind === "refused") return { statements: [], problems: plan.problems, pipe: null, pipeCopy: null, alters: false };
  const { snowpipe, streaming } = spec.load;
  const tag = { namespace: pipeline.namespace, pipeline: pipeline.name, run: planRun };
  const pipe = snowpipe === undefined ? null : planPipe({ spec, names, tag }, plan.stored);
  return {
    statements: [
      ...plan.statements,
      ...(there.positions ? [] : [createPositionsText(names.positions)]),
      ...(there.stage || streaming !== undefined ? [] : [createStageText(names.stage)]),
      ...(there.pipe || pipe === null || pipe.create === null ? [] : [pipe.create]),
    ],
    problems: [],
    alters: there.table !== null && plan.statements.length > 0,
    pipe: pipe?.pipe ?? null,
    pipeCopy: pipe === null || pipe.create !== null ? null : pipe.copy,
  };
}

/** Making what is there already takes no privilege, and none can be had on a table that is not there. */
function isNeeded(
  { privilege, name, when }: Privilege,
  there: There,
  { names: { table, positions }, alters }: { readonly names: SinkNames; readonly alters: boolean },
): boolean {
  if (privilege === "OWNERSHIP") return alters;
  if (when === "existing") return there.table !== null;
  const inSchemaOf = (object: WholeName): boolean => name[0] === object.database && name[1] === object.schema;
  switch (privilege) {
    case "CREATE TABLE":
      return (inSchemaOf(table) && there.table === null) || (inSchemaOf(positions) && !there.positions);
    case "CREATE STAGE":
      return !there.stage;
    case "CREATE PIPE":
      return !there.pipe;
    default:
      return true;
  }
}

async function isThere(session: SnowflakeSession, object: string): Promise<boolean> {
  try {
    await session.execute(`DESCRIBE ${object}`);
    return true;
  } catch (error) {
    if (error instanceof StatementRefused) return false;
    throw error;
  }
}
