import { resolve } from "node:path";
import type { SnowflakeConnection, SnowflakeSink } from "../../crds/connectors/snowflake.ts";
import { identifier } from "../../runtime/snowflake/identifiers.ts";
import { readableName } from "../../runtime/snowflake/readable-name.ts";
import { privilegesOf } from "../../runtime/sinks/snowflake/privileges.ts";
import type { Manifest } from "../manifest.ts";
import { readFiles, refuse } from "../read-files.ts";
import { signInOf, type SignInOptions } from "../setup/sign-in.ts";
import { snowflakeSetup } from "../setup/snowflake-setup.ts";
import { CommandError, exitCode, type ExitCode, type Shell } from "../shell.ts";

/** Options of `snowline setup snowflake`. */
export interface SetupSnowflakeOptions extends SignInOptions {
  readonly connection?: string;
  readonly role?: string;
  readonly warehouse?: string;
  readonly user?: string;
}

/** Names where neither the command line nor a Connection gives one. */
const defaults = { role: "SNOWLINE_LOADER", warehouse: "SNOWLINE_LOAD", user: "SNOWLINE" } as const;

/** Writes the SQL that sets an account up for the Snowflake pipelines of some files. Asks no account and sends nothing. */
export async function setupSnowflake(files: readonly string[], options: SetupSnowflakeOptions, shell: Shell): Promise<ExitCode> {
  const manifest = await readFiles(files, "elsewhere", shell);
  refuse(manifest.problems);
  const sinks = sinksOf(manifest);
  if (files.length > 0 && sinks.length === 0)
    throw new CommandError(
      "none of the files has a Pipeline with sink.snowflake: without files it prints what every account needs",
    );
  const name = connectionName(sinks, options.connection);
  const connection = name === null ? null : connectionOf(manifest, name);
  const keyFile = options.keyFile === undefined ? {} : { keyFile: resolve(shell.directory, options.keyFile) };
  const warehouse = named("--warehouse", options.warehouse ?? connection?.warehouse ?? defaults.warehouse);
  shell.stdout.write(
    snowflakeSetup({
      role: named("--role", options.role ?? connection?.role ?? defaults.role),
      warehouse,
      user: userName(options.user ?? connection?.user ?? defaults.user),
      signIn: await signInOf({ ...options, ...keyFile }, connection),
      pipelines: sinks
        .filter(({ sink }) => sink.connection === name)
        .map((pipeline) => ({
          name: pipeline.name,
          does: doesText(pipeline.sink),
          privileges: privilegesOf(pipeline.sink, warehouse),
        })),
    }),
  );
  return exitCode.ok;
}

interface NamedSink {
  readonly name: string;
  readonly sink: SnowflakeSink;
}

function sinksOf({ pipelines }: Manifest): readonly NamedSink[] {
  return pipelines.flatMap(({ resource: { metadata, spec } }) =>
    spec.sink.snowflake === undefined ? [] : [{ name: metadata.name, sink: spec.sink.snowflake }],
  );
}

/** One Connection is one user and one role: the statements are for one of them. */
function connectionName(sinks: readonly NamedSink[], wanted: string | undefined): string | null {
  const names = [...new Set(sinks.map(({ sink }) => sink.connection))];
  const found = wanted === undefined ? names : names.filter((name) => name === wanted);
  if (found.length === 1) return found[0]!;
  if (names.length === 0) return wanted ?? null;
  throw new CommandError(
    wanted === undefined
      ? `the pipelines use several connections: choose one with --connection: ${names.join(", ")}`
      : `no pipeline of the files uses connection "${wanted}"; they use ${names.join(", ")}`,
    { exitCode: exitCode.usage },
  );
}

function connectionOf({ connections }: Manifest, name: string): SnowflakeConnection | null {
  return connections.find(({ resource }) => resource.metadata.name === name)?.resource.spec.snowflake ?? null;
}

/** The stored name of an identifier; what a Connection holds is one already. */
function named(option: string, text: string): string {
  if (!/^([A-Za-z_][A-Za-z0-9_$]*|"([^"]|"")+")$/.test(text) || text.length > 255)
    throw new CommandError(`${option} ${text}: must be an identifier, such as LOADER or "my loader" (with its double quotes)`, {
      exitCode: exitCode.usage,
    });
  return identifier(text);
}

/** A Connection's user is a login name, which has no case and may hold any character. */
const userName = (user: string): string => user.toUpperCase();

function doesText({ database, schema, table, load, mode, schemaEvolution }: SnowflakeSink): string {
  const way = load.copy === undefined ? (load.streaming === undefined ? "snowpipe" : "streaming") : "copy";
  const how = mode.upsert === undefined ? "append" : "upsert";
  const target = readableName(...[database, schema, table].map(identifier));
  return `load ${way}, ${how}, into ${target}${schemaEvolution === "none" ? "" : `, schemaEvolution ${schemaEvolution}`}`;
}
