import type { SnowflakeSink } from "../../crds/connectors/snowflake.ts";
import type { ComponentContext } from "../../runtime/component/context.ts";
import { NotConnected, Terminal } from "../../runtime/component/errors.ts";
import { planSnowflakeSink, planUnasked, type SnowflakeSinkPlan } from "../../runtime/sinks/snowflake/plan-snowflake-sink.ts";
import { grantText, privilegesOf } from "../../runtime/sinks/snowflake/privileges.ts";
import { readableName } from "../../runtime/snowflake/readable-name.ts";
import type { Column } from "../../transform/column.ts";
import { countText, type Paint } from "../text.ts";
import { howText, indented, type TargetLines } from "./target-lines.ts";

/** Where the plan is made. */
export interface SnowflakePlace {
  readonly context: ComponentContext;
  /** False: the files hold no Connection, so that the account cannot be asked. */
  readonly connected: boolean;
  readonly paint: Paint;
}

/** What a Snowflake sink would do in its account: asked where the Connection is at hand, and as far as can be said without it. */
export async function snowflakeLines(
  spec: SnowflakeSink,
  columns: readonly Column[],
  { context, connected, paint }: SnowflakePlace,
): Promise<TargetLines> {
  const options = { spec, columns, pipeline: context.pipeline };
  const how = `${howText(spec.mode, spec.schemaEvolution)} ${loadText(spec)}`;
  if (!connected) {
    const unasked = `The account was not asked: give the file with Connection ${spec.connection} as well.`;
    return answer([how, unasked], planUnasked(options), paint);
  }
  try {
    const plan = await planSnowflakeSink(options, context);
    const { warehouse } = context.connection(spec.connection).snowflake!;
    return answer([how, ...accountLines(plan, { spec, named: warehouse ?? null }, paint)], plan, paint);
  } catch (error) {
    if (!(error instanceof NotConnected) && !(error instanceof Terminal)) throw error;
    const unasked = [paint("red", "The account cannot be asked: ") + error.message, "Without it this much can be said."];
    return { ...answer([how, ...unasked], planUnasked(options), paint), refused: true };
  }
}

function loadText({ load }: SnowflakeSink): string {
  const { copy, streaming, snowpipe } = load;
  const { everySeconds, upToBytes, upToRows } = copy ?? streaming ?? snowpipe;
  const way = copy === undefined ? (streaming === undefined ? "Snowpipe" : "Snowpipe Streaming") : "COPY";
  return `They go by ${way} after ${everySeconds} s, ${upToBytes} or ${countText(upToRows)} records.`;
}

/** `named`: the Connection's warehouse, as it is written there. */
function accountLines(
  { account, statements }: SnowflakeSinkPlan,
  { spec, named }: { readonly spec: SnowflakeSink; readonly named: string | null },
  paint: Paint,
): string[] {
  if (account === null) return [];
  const { url, user, role, warehouse, missing } = account;
  const given = role ?? "…";
  const session = [
    `Signed in at ${url} as ${user}, role ${role ?? "none"}, warehouse ${warehouse ?? "none"}.`,
    ...(warehouse === null ? [paint("red", noWarehouseText(named, given))] : []),
    ...account.unfit.map((sentence) => paint("red", `${sentence}.`)),
  ];
  const grants = (list: NonNullable<typeof missing>): string[] =>
    indented(list.map((privilege) => `${grantText(privilege, given)};`));
  if (missing === null) {
    const all = privilegesOf(spec, warehouse).filter(({ when }) => when === "always" || account.tableExists);
    return [...session, "What the role may do cannot be read. It needs:", ...grants(all), ""];
  }
  // Snowflake does not tell the two apart.
  const unseen =
    account.tableExists || role === "ACCOUNTADMIN" ? [] : [`A table on which ${given} has no privilege looks absent.`];
  if (missing.length === 0)
    return [...session, `The role may do what it has to${statements.length > 0 ? "" : ", and nothing is missing"}.`, ...unseen];
  return [...session, paint("red", `The role lacks privileges. Somebody who may grant them has to run:`), ...grants(missing), ""];
}

function noWarehouseText(named: string | null, role: string): string {
  if (named === null) return "No warehouse would run the statements: set warehouse in the Connection.";
  return `No warehouse would run the statements: ${named} is not there, or the role may not use it: correct warehouse in the Connection, or GRANT USAGE ON WAREHOUSE ${named} TO ROLE ${readableName(role)}.`;
}

function answer(before: readonly string[], plan: SnowflakeSinkPlan, paint: Paint): TargetLines {
  const { account, statements, problems, pipeCopy } = plan;
  const there =
    account === null ? "Where the table is absent" : account.tableExists ? "The table is there" : "The table is not there";
  const lacks =
    account !== null && (account.warehouse === null || account.unfit.length > 0 || (account.missing ?? []).length > 0);
  if (problems.length > 0)
    return { lines: [...before, paint("red", `${there}, and the rows do not fit:`), ...indented(problems)], refused: true };
  const pipe =
    pipeCopy === null
      ? []
      : ["The pipe that the manifest names has to load like this one:", ...indented([`CREATE PIPE … AS ${pipeCopy};`])];
  const fits = (account?.unfit ?? []).length > 0 ? [] : [`${there} and takes the rows as it is.`];
  if (statements.length === 0) return { lines: [...before, ...fits, ...pipe], refused: lacks };
  const would =
    account === null
      ? `${there} the sink would run before the first load:`
      : `${there}. Before the first load the sink would run:`;
  return { lines: [...before, would, ...indented(statements.map((statement) => `${statement};`)), ...pipe], refused: lacks };
}
