import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { AuditOptions } from "./commands/audit.ts";
import type { PlanOptions } from "./commands/plan.ts";
import type { ReplayOptions } from "./commands/replay.ts";
import type { RunOptions } from "./commands/run.ts";
import type { SetupSnowflakeOptions } from "./commands/setup-snowflake.ts";
import type { TestOptions } from "./commands/test.ts";
import type { ValidateOptions } from "./commands/validate.ts";
import type { WarehouseCommandOptions } from "./commands/warehouse.ts";
import { errorText } from "./error-text.ts";
import { exitCode, type ExitCode, type Shell } from "./shell.ts";

const logLevels = ["debug", "info", "warn", "error"] as const;

const overview = `
Snowline moves records from Kafka topics or files through one SQL statement into a table, each exactly once. A pipeline is
a YAML manifest; these commands check it, try it and run it here, without a cluster.

A new pipeline, step by step:
  $ snowline validate orders.yaml                 does it make sense?
  $ snowline plan orders.yaml                     which columns come out, which table do they need?
  $ snowline test orders.yaml                     do the cases in orders.test.yaml give the rows they should?
  $ snowline run orders.yaml connections.yaml     go

Connections may live in the pipeline's file or in files of their own, named after it.
Exit codes: 0 fine; 1 problems found, a case failed or the pipeline stopped; 2 the command line made no sense.`;

const help = {
  validate: `
Checks manifests without a cluster, a broker or data: the fields, the rules between them, and the SQL, which is compiled
against the declared columns. All problems are shown at once as file:line:column, with the field and what to do. Warnings
(such as SQL whose result depends on which records share a batch) are shown but do not fail.

Examples:
  $ snowline validate orders.yaml
  $ snowline validate pipelines/*.yaml connections.yaml --output json
  $ helm template my-chart | snowline validate -`,
  plan: `
Says what a pipeline would do before it does it: where records come from, which columns with which types come out of the
SQL, the table, and the statements the sink would run first: CREATE TABLE, or ALTER TABLE as far as schemaEvolution lets it,
compared with the database file or the Snowflake account that is there; for an account also the privileges its role lacks, as
GRANTs to paste. Nothing is read from the source, nothing is written. Without the Connection no account is asked.

Examples:
  $ snowline plan orders.yaml
  $ snowline plan orders.yaml connections.yaml --secrets ./secrets
  $ snowline plan pipelines.yaml --pipeline orders`,
  run: `
Runs a pipeline here until it is stopped, the source ends (files without pollSeconds) or, with --until-caught-up, until
everything that is there now has been loaded. Run it again and it goes on where the table says it stopped: nothing is loaded
twice. Ctrl-C drains: what was read is loaded, then it ends; Ctrl-C once more gives up at once, still without loss.
Secrets of Connections are files: <secrets>/<secret>/<key>.

Examples:
  $ snowline run examples/weather.yaml
  $ snowline run orders.yaml connections.yaml --until-caught-up
  $ snowline run orders.yaml connections.yaml --secrets ./secrets --http-port 9464`,
  test: `
Feeds the records of cases through the pipeline's real format and SQL and compares the rows and rejects that come out with
those expected. No broker and no database is needed. Cases are in the manifest's neighbour: orders.yaml has orders.test.yaml:

  - name: a paid order is converted at the rate of its currency
    lookups: { rates: [{ currency: USD, rate: "0.92" }] }      # rows that stand in for a lookup's
    input:                                                     # value: in the manifest's format; or text:, or base64:
      - value: { order_id: A-1, amount: "100.10", currency: USD, status: paid }
        key: A-1                                               # also: headers, topic, partition, offset, timestamp
      - text: '{"order_id": "A-2", "amo'
    rows:                                                      # any order; columns that are not named are not compared
      - { order_id: A-1, amount_eur: "92.09" }
    rejects:                                                   # input counts from 1; error is part of the reason
      - { input: 2 }

Examples:
  $ snowline test orders.yaml
  $ snowline test orders.yaml --cases more-orders.test.yaml`,
  setup: `
Prints what a system needs before pipelines can use it, as text to paste. It asks nothing and sends nothing.`,
  setupSnowflake: `
Prints the SQL that sets a Snowflake account up: a role, a warehouse (X-Small, suspended when idle), a service user, and the
grants for exactly what the pipelines of the manifests need. Role, warehouse and user are the Connection's where the files
hold it. No secret is read or printed: --key-file takes the public key.

Examples:
  $ snowline setup snowflake orders.yaml connections.yaml --key-file rsa_key.pub
  $ snowline setup snowflake orders.yaml --role LOADER --warehouse LOAD_XS --user ORDERS_SVC
  $ snowline setup snowflake pipelines/*.yaml --workload-identity https://issuer.example,system:serviceaccount:loads:orders`,
  audit: `
Reads from a Snowflake account what a pipeline did there: its statements by kind with rows, bytes and time, the failures with
their messages, the files that were loaded, and the warehouse's credits where the role may see them. Every statement of a
pipeline bears its name in the QUERY_TAG. It signs in as the pipeline does, and changes nothing.

Examples:
  $ snowline audit orders.yaml connections.yaml
  $ snowline audit orders.yaml connections.yaml --hours 168 --output json`,
  warehouse: `
Serves a test warehouse here until it is stopped: a small server over DuckDB that speaks Snowflake's protocol, so that pipelines,
drivers and SQL can be tried without an account. It is not Snowflake: some SQL behaves otherwise, and it has no security worth
the name. Writes the Connection for your pipelines to standard output; its token goes to where snowline run looks for secrets.

Examples:
  $ snowline warehouse > warehouse.yaml
  $ snowline warehouse --port 8086 --data ./warehouse      keeps tables, stages and users for the next start`,
  replay: `
Sends dead letters through the pipeline once more, after the manifest or the data around it was corrected: the original
bytes, key and headers, with the record's own topic, partition, offset and timestamp. Letters that become rows are loaded; those
refused again become letters again. A letter that was replayed is not replayed twice.

Examples:
  $ snowline replay orders.yaml connections.yaml
  $ snowline replay examples/order-status.yaml`,
} as const;

const port = (text: string): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError("a port is 0 to 65535; 0 takes a free one");
  return value;
};

/** Snowflake's INFORMATION_SCHEMA keeps statements for seven days. */
const hoursMax = 168;
const hours = (text: string): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > hoursMax)
    throw new InvalidArgumentError(`1 to ${hoursMax}: the account remembers seven days`);
  return value;
};

const pipelineOption = (): Option => new Option("--pipeline <name>", "which Pipeline, where the files hold several");
const secretsOption = (): Option =>
  new Option("--secrets <directory>", "where secrets are: a file <directory>/<secret>/<key> each").default(".snowline/secrets");
const logLevelOption = (): Option =>
  new Option("--log-level <level>", "least severe log line shown; debug adds stack traces").choices(logLevels).default("warn");

/** Every action leaves its exit code here. Commands are imported when they are called: help comes at once. */
interface Outcome {
  code: ExitCode;
}

function addRunning(program: Command, shell: Shell, outcome: Outcome): void {
  program
    .command("run")
    .summary("run a pipeline here")
    .description(help.run.trim())
    .argument("<file...>", "manifest with the Pipeline; further files may hold Connections")
    .option("--until-caught-up", "end when everything that was there at the start is loaded")
    .option("--http-port <port>", "port of /metrics, /status and the health endpoints; 0 takes a free one", port, 0)
    .option("--metrics-file <file>", "write the metrics there once more at the end")
    .addOption(pipelineOption())
    .addOption(secretsOption())
    .addOption(logLevelOption())
    .action(async (files: string[], options: RunOptions) => {
      const { run } = await import("./commands/run.ts");
      outcome.code = await run(files, options, shell);
    });
  program
    .command("replay")
    .summary("send dead letters through the pipeline once more")
    .description(help.replay.trim())
    .argument("<file...>", "manifest with the Pipeline; further files may hold Connections")
    .addOption(pipelineOption())
    .addOption(secretsOption())
    .addOption(logLevelOption())
    .action(async (files: string[], options: ReplayOptions) => {
      const { replay } = await import("./commands/replay.ts");
      outcome.code = await replay(files, options, shell);
    });
}

function addAuditing(program: Command, shell: Shell, outcome: Outcome): void {
  program
    .command("audit")
    .summary("what a pipeline did in its Snowflake account")
    .description(help.audit.trim())
    .argument("<file...>", "manifest with the Pipeline; further files may hold Connections")
    .option("--hours <hours>", "how far back", hours, 24)
    .addOption(new Option("--output <form>", "how it is written").choices(["text", "json"]).default("text"))
    .addOption(pipelineOption())
    .addOption(secretsOption())
    .addOption(logLevelOption())
    .action(async (files: string[], options: AuditOptions) => {
      const { audit } = await import("./commands/audit.ts");
      outcome.code = await audit(files, options, shell);
    });
}

function addWarehouse(program: Command, shell: Shell, outcome: Outcome): void {
  program
    .command("warehouse")
    .summary("serve a test warehouse that speaks Snowflake's protocol (it is not Snowflake)")
    .description(help.warehouse.trim())
    .option("--port <port>", "port to listen on; 0 takes a free one", port, 8086)
    .option("--host <address>", "address to listen on; whoever reaches it can do everything", "127.0.0.1")
    .option("--data <directory>", "keep everything there; without it all is in memory")
    .option("--user <name>", "user that is made, with the role ACCOUNTADMIN", "SNOWLINE")
    .option("--password <password>", "the user's password", "snowline")
    .option("--database <name>", "database that is made", "DEMO")
    .option("--faults", "endpoints for tests: faults on command, the clock, the meter")
    .addOption(secretsOption())
    .addOption(logLevelOption())
    .action(async (options: WarehouseCommandOptions) => {
      const { warehouse } = await import("./commands/warehouse.ts");
      outcome.code = await warehouse(options, shell);
    });
}

function addSettingUp(program: Command, shell: Shell, outcome: Outcome): void {
  program
    .command("setup")
    .summary("print what a system needs before pipelines can use it")
    .description(help.setup.trim())
    .helpCommand(false)
    .command("snowflake")
    .summary("SQL for role, warehouse, user and grants")
    .description(help.setupSnowflake.trim())
    .argument("[file...]", "manifests with Pipelines; further files may hold Connections")
    .option("--connection <name>", "which Connection, where the pipelines use several")
    .option("--role <name>", "role; else the Connection's, else SNOWLINE_LOADER")
    .option("--warehouse <name>", "warehouse; else the Connection's, else SNOWLINE_LOAD")
    .option("--user <name>", "service user; else the Connection's, else SNOWLINE")
    .option("--key-file <file>", "its public key (PEM)")
    .option("--workload-identity <issuer,subject>", "issuer and subject of the tokens it signs in with")
    .addOption(logLevelOption())
    .action(async (files: string[], options: SetupSnowflakeOptions) => {
      const { setupSnowflake } = await import("./commands/setup-snowflake.ts");
      outcome.code = await setupSnowflake(files, options, shell);
    });
}

function addChecking(program: Command, shell: Shell, outcome: Outcome): void {
  program
    .command("validate")
    .summary("check manifests: fields, rules and SQL")
    .description(help.validate.trim())
    .argument("<file...>", "manifests; - is standard input; files of cases (*.test.yaml) are passed over")
    .addOption(new Option("--output <form>", "how problems are written").choices(["text", "json"]).default("text"))
    .addOption(logLevelOption())
    .action(async (files: string[], options: ValidateOptions) => {
      const { validate } = await import("./commands/validate.ts");
      outcome.code = await validate(files, options, shell);
    });
  program
    .command("plan")
    .summary("show what comes out and what the table needs")
    .description(help.plan.trim())
    .argument("<file...>", "manifest with the Pipeline; further files may hold Connections")
    .addOption(pipelineOption())
    .addOption(secretsOption())
    .addOption(logLevelOption())
    .action(async (files: string[], options: PlanOptions) => {
      const { plan } = await import("./commands/plan.ts");
      outcome.code = await plan(files, options, shell);
    });
  program
    .command("test")
    .summary("run the cases of <name>.test.yaml")
    .description(help.test.trim())
    .argument("<file...>", "manifests, each with its neighbour <name>.test.yaml")
    .option("--cases <file>", "read the cases from this file instead")
    .addOption(pipelineOption())
    .addOption(logLevelOption())
    .action(async (files: string[], options: TestOptions) => {
      const { test } = await import("./commands/test.ts");
      outcome.code = await test(files, options, shell);
    });
}

/** Runs one command line. Never throws: what went wrong is written to `shell.stderr` in a sentence. */
export async function runProgram(args: readonly string[], shell: Shell, version: string): Promise<ExitCode> {
  const outcome: Outcome = { code: exitCode.ok };
  const program = new Command("snowline")
    .description(overview.trim())
    .version(version)
    .helpCommand(false)
    .showSuggestionAfterError()
    .showHelpAfterError("(--help shows what there is)")
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.stderr.write(text),
      getOutHelpWidth: () => shell.stdout.columns ?? 120,
    })
    .configureHelp({ minWidthToWrap: 200 })
    .exitOverride();
  program.commandsGroup("Check:");
  addChecking(program, shell, outcome);
  program.commandsGroup("Set up:");
  addSettingUp(program, shell, outcome);
  program.commandsGroup("Run:");
  addRunning(program, shell, outcome);
  addAuditing(program, shell, outcome);
  addWarehouse(program, shell, outcome);
  try {
    await program.parseAsync([...args], { from: "user" });
    return outcome.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    const failure = errorText(error, /(^| )--log-level[ =]debug( |$)/.test(args.join(" ")));
    shell.stderr.write(`${failure.text}\n`);
    return failure.exitCode;
  }
}
