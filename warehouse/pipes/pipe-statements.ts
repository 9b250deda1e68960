import { readCopy } from "../copy/copy-statement.ts";
import { tableOf } from "../copy/copy-into-table.ts";
import { SnowflakeError, type StatementResult } from "../result.ts";
import { statusResult, textColumn, timestampColumn, timestampValue, typeIds } from "../stages/answer.ts";
import { stageFiles } from "../stages/file-statements.ts";
import { optionBoolean, optionText, readOptions } from "../stages/option-list.ts";
import { resolveStage, wholeObjectName } from "../stages/resolve-stage.ts";
import type { Scanner } from "../stages/scanner.ts";
import { scannerOf } from "../stages/bound-text.ts";
import { showObjects } from "../stages/show-objects.ts";
import { noLongerOwned, nowOwned, requireOwnership, requireToCreate } from "../stages/stage-privileges.ts";
import { beforeDefinition } from "../stages/statement-context.ts";
import { requireOnObject } from "../statements/privileges.ts";
import type { StatementCall, StatementKind } from "../statements/statement.ts";
import { findPipe } from "./find-pipe.ts";
import type { Pipe } from "./pipe.ts";

/** CREATE, ALTER, DROP, SHOW and DESCRIBE PIPE. */
export const pipeStatements: readonly StatementKind[] = [
  { words: ["CREATE", "PIPE"], execute: createPipe },
  { words: ["CREATE", "OR", "REPLACE", "PIPE"], execute: createPipe },
  { words: ["ALTER", "PIPE"], execute: alterPipe },
  { words: ["DROP", "PIPE"], execute: dropPipe },
  { words: ["SHOW", "PIPES"], execute: showPipes },
  { words: ["DESCRIBE", "PIPE"], execute: describePipe },
  { words: ["DESC", "PIPE"], execute: describePipe },
];

async function createPipe(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const { definitions } = account.pipes;
  const scanner = scannerOf(call);
  scanner.expect("CREATE");
  const replace = scanner.takeWords("OR", "REPLACE");
  scanner.expect("PIPE");
  const ifNotExists = scanner.takeWords("IF", "NOT", "EXISTS");
  const name = wholeObjectName(scanner.identifierPath(), session);
  const options = readOptions(scanner, 0, ["AS"]);
  scanner.expect("AS");
  const definition = scanner.text.slice(scanner.position).trim();
  // Names in a pipe are of its own schema.
  checkDefinition({ account, session: { ...session, database: name.database, schema: name.schema } }, definition);
  const created = statusResult(`Pipe ${name.name} successfully created.`, typeIds.create);
  const owned = { kind: "PIPE", name, temporary: false } as const;
  requireToCreate(call, owned);
  if (call.describeOnly) return created;
  await beforeDefinition(call, false);
  const existing = definitions.find(name, null);
  if (existing !== undefined) {
    if (ifNotExists) return statusResult(`${name.name} already exists, statement succeeded.`, typeIds.create);
    if (!replace) throw new SnowflakeError("002002", "42710", `SQL compilation error:\nObject '${name.name}' already exists.`);
    await account.pipes.drop(existing);
  }
  await definitions.put({
    id: definitions.newId(),
    name,
    sessionId: null,
    definition,
    autoIngest: optionBoolean(options, "AUTO_INGEST", false),
    paused: false,
    comment: optionText(options, "COMMENT") ?? "",
    createdMs: account.now(),
    owner: session.role,
  });
  await nowOwned(call, owned);
  return created;
}

/** Throws SnowflakeError where the pipe's COPY could not run. One for streaming has no files. */
function checkDefinition(call: Pick<StatementCall, "account" | "session">, definition: string): void {
  if (/\bDATA_SOURCE\s*\(/i.test(definition)) return;
  const read = readCopy(definition);
  if (!("load" in read)) throw new SnowflakeError("001003", "42000", "SQL compilation error:\nA pipe copies into a table.");
  const { table, stage, options } = read.load;
  tableOf(call, table);
  resolveStage(stage, call);
  if (options.force || options.purge || options.files !== null || options.sizeLimit !== null || options.validation !== null) {
    throw new SnowflakeError(
      "001009",
      "22023",
      "SQL compilation error:\ninvalid property for a pipe's COPY: FILES, FORCE, PURGE, SIZE_LIMIT and VALIDATION_MODE are not allowed",
    );
  }
}

async function alterPipe(call: StatementCall): Promise<StatementResult> {
  const { account } = call;
  const scanner = scannerOf(call);
  scanner.expect("ALTER");
  scanner.expect("PIPE");
  const ifExists = scanner.takeWords("IF", "EXISTS");
  const parts = scanner.identifierPath();
  const done = statusResult("Statement executed successfully.", typeIds.alter);
  if (ifExists && account.pipes.definitions.find(wholeObjectName(parts, call.session), null) === undefined) return done;
  const pipe = findPipe(parts, call);
  requireOnObject(call, "OPERATE", { kind: "PIPE", name: pipe.name });
  if (scanner.take("REFRESH") !== null) return refreshPipe(call, pipe, scanner);
  scanner.expect("SET");
  const options = readOptions(scanner);
  scanner.end();
  if (call.describeOnly) return done;
  await beforeDefinition(call, false);
  const changed = {
    ...pipe,
    paused: optionBoolean(options, "PIPE_EXECUTION_PAUSED", pipe.paused),
    comment: optionText(options, "COMMENT") ?? pipe.comment,
  };
  await account.pipes.definitions.put(changed);
  if (!changed.paused) account.pipes.resume(changed);
  return done;
}

/** Gives the pipe the files of its stage that it was not told of; those that the table has are not loaded again. */
async function refreshPipe(call: StatementCall, pipe: Pipe, scanner: Scanner): Promise<StatementResult> {
  const options = readOptions(scanner);
  scanner.end();
  const columns = [textColumn("File"), textColumn("Status")];
  const read = readCopy(pipe.definition);
  if (call.describeOnly || !("load" in read)) return { columns, rows: [], typeId: typeIds.alter };
  const session = { ...call.session, database: pipe.name.database, schema: pipe.name.schema };
  const location = resolveStage(read.load.stage, { account: call.account, session });
  const prefixed = { ...location, path: `${location.path}${optionText(options, "PREFIX") ?? ""}` };
  const since = Date.parse(optionText(options, "MODIFIED_AFTER") ?? "");
  const files = (await stageFiles(call, prefixed, read.load.options.pattern)).filter(({ modifiedMs }) => !(modifiedMs < since));
  await call.account.pipes.receive(pipe, files);
  return { columns, rows: files.map(({ path }) => [path, "SENT"]), typeId: typeIds.alter };
}

async function dropPipe(call: StatementCall): Promise<StatementResult> {
  const scanner = scannerOf(call);
  scanner.expect("DROP");
  scanner.expect("PIPE");
  const ifExists = scanner.takeWords("IF", "EXISTS");
  const parts = scanner.identifierPath();
  scanner.end();
  const name = wholeObjectName(parts, call.session);
  if (ifExists && call.account.pipes.definitions.find(name, null) === undefined) {
    return statusResult("Drop statement executed successfully (object already dropped or does not exist).", typeIds.drop);
  }
  const pipe = findPipe(parts, call);
  const owned = { kind: "PIPE", name, temporary: false } as const;
  requireOwnership(call, owned);
  if (!call.describeOnly) {
    await beforeDefinition(call, false);
    await call.account.pipes.drop(pipe);
    await noLongerOwned(call, owned);
  }
  return statusResult(`${name.name} successfully dropped.`, typeIds.drop);
}

const showColumns = [
  timestampColumn("created_on"),
  ...[
    "name",
    "database_name",
    "schema_name",
    "definition",
    "owner",
    "notification_channel",
    "comment",
    "integration",
    "pattern",
    "error_integration",
    "owner_role_type",
    "invalid_reason",
    "kind",
  ].map(textColumn),
];

function shown({ createdMs, name, definition, owner, comment, autoIngest }: Pipe): readonly (string | null)[] {
  const read = /\bDATA_SOURCE\s*\(/i.test(definition) ? null : readCopy(definition);
  const pattern = read !== null && "load" in read ? (read.load.options.pattern ?? null) : null;
  const channel = autoIngest ? `local:${name.database}.${name.schema}.${name.name}` : null;
  const kind = read === null ? "STREAMING" : "STAGE";
  return [
    timestampValue(createdMs),
    name.name,
    name.database,
    name.schema,
    definition,
    owner,
    channel,
    comment,
    null,
    pattern,
    null,
    "ROLE",
    null,
    kind,
  ];
}

async function showPipes(call: StatementCall): Promise<StatementResult> {
  const pipes = showObjects(call, { words: ["SHOW", "PIPES"], objects: call.account.pipes.definitions.list(null) });
  return { columns: showColumns, rows: pipes.map(shown), typeId: typeIds.show };
}

async function describePipe(call: StatementCall): Promise<StatementResult> {
  const scanner = scannerOf(call);
  scanner.next();
  scanner.expect("PIPE");
  const pipe = findPipe(scanner.identifierPath(), call);
  scanner.end();
  return { columns: showColumns, rows: [shown(pipe)], typeId: typeIds.describe };
}
