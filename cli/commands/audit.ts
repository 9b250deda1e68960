import { snowflakeAccount } from "../../runtime/snowflake/account.ts";
import { sinkNames } from "../../runtime/sinks/snowflake/sink-names.ts";
import { auditCredits } from "../audit/credits.ts";
import { auditFiles } from "../audit/files.ts";
import { auditJson } from "../audit/audit-json.ts";
import { type Audit, auditLines } from "../audit/audit-text.ts";
import { auditRun, auditStatements } from "../audit/statements.ts";
import { openHere } from "../run/open-here.ts";
import { onlyPipeline, readFiles } from "../read-files.ts";
import { CommandError, exitCode, type ExitCode, type Shell } from "../shell.ts";
import { paintFor } from "../text.ts";

/** Options of `snowline audit`. */
export interface AuditOptions {
  readonly pipeline?: string;
  readonly hours: number;
  readonly output: "text" | "json";
  readonly secrets: string;
}

/** INFORMATION_SCHEMA remembers statements for seven days and refuses to be asked for more; some minutes less. */
const rememberedMs = 7 * 86_400_000 - 300_000;

/** Reads from the account's histories what a pipeline did there, and writes it. */
export async function audit(files: readonly string[], options: AuditOptions, shell: Shell): Promise<ExitCode> {
  const manifest = await readFiles(files, "here", shell);
  const entry = onlyPipeline(manifest, options.pipeline);
  const { sink } = entry.resource.spec;
  if (sink.snowflake === undefined)
    throw new CommandError(
      `${entry.resource.metadata.name}: audit reads the histories of a Snowflake account, and its sink is another one`,
    );
  await using here = await openHere({ entry, manifest, secrets: options.secrets }, shell);
  const { context } = here;
  const account = snowflakeAccount(context.connection(sink.snowflake.connection).snowflake!, context);
  const { namespace, name } = context.pipeline;
  await using session = await account.openSession({ namespace, pipeline: name, run: auditRun });
  const { table } = sinkNames(sink.snowflake, context.pipeline);
  const toMs = shell.now();
  const window = { fromMs: toMs - Math.min(options.hours * 3_600_000, rememberedMs), toMs };
  const found: Audit = {
    pipeline: { namespace, name },
    table: `${table.database}.${table.schema}.${table.name}`,
    upsert: sink.snowflake.mode.upsert !== undefined,
    window,
    statements: await auditStatements(session, table.database, { namespace, pipeline: name }, window),
    files: await auditFiles(session, table, window),
    credits: await auditCredits(session, window),
  };
  const paint = paintFor(shell, shell.stdout);
  shell.stdout.write(options.output === "json" ? `${auditJson(found)}\n` : `${auditLines(found, paint).join("\n")}\n`);
  return exitCode.ok;
}
