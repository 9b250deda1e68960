import type { StatementResult } from "../result.ts";
import { SnowflakeError } from "../result.ts";
import type { StatementCall, StatementKind } from "../statements/statement.ts";
import { statusResult, textColumn, timestampColumn, timestampValue, typeIds } from "./answer.ts";
import { formatChoice, resolveFormat } from "./file-format.ts";
import { type Options, optionText, readOptions } from "./option-list.ts";
import { findStage, resolveStage, wholeObjectName } from "./resolve-stage.ts";
import { scannerOf } from "./bound-text.ts";
import { showObjects } from "./show-objects.ts";
import type { Stage } from "./stage.ts";
import { noLongerOwned, nowOwned, requireOwnership, requireToCreate } from "./stage-privileges.ts";
import { beforeDefinition, createWords } from "./statement-context.ts";

/** CREATE, ALTER, DROP, SHOW and DESCRIBE STAGE. */
export const stageStatements: readonly StatementKind[] = [
  ...createWords(["STAGE"]).map((words) => ({ words, execute: createStage })),
  { words: ["ALTER", "STAGE"], execute: alterStage },
  { words: ["DROP", "STAGE"], execute: dropStage },
  { words: ["SHOW", "STAGES"], execute: showStages },
  { words: ["DESCRIBE", "STAGE"], execute: describeStage },
  { words: ["DESC", "STAGE"], execute: describeStage },
];

/** The options of a stage, those of its format apart. */
function stageParts(options: Options): Pick<Stage, "url" | "format" | "comment"> {
  const choice = formatChoice(options);
  return {
    url: optionText(options, "URL") ?? null,
    format: choice === null ? [] : choice.kind === "named" ? [["FORMAT_NAME", choice.name]] : choice.options,
    comment: optionText(options, "COMMENT") ?? "",
  };
}

async function createStage(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const scanner = scannerOf(call);
  scanner.expect("CREATE");
  const replace = scanner.takeWords("OR", "REPLACE");
  const temporary = scanner.take("TEMPORARY", "TEMP") !== null;
  scanner.expect("STAGE");
  const ifNotExists = scanner.takeWords("IF", "NOT", "EXISTS");
  const name = wholeObjectName(scanner.identifierPath(), session);
  const parts = stageParts(readOptions(scanner));
  scanner.end();
  const created = statusResult(`Stage area ${name.name} successfully created.`, typeIds.create);
  if (!account.catalog.hasSchema(name.database, name.schema)) throw noSchema(name);
  const sessionId = temporary ? session.id : null;
  const existing = account.stages.definitions.find(name, sessionId);
  const same = existing !== undefined && existing.sessionId === sessionId ? existing : undefined;
  const stage: Stage = {
    id: account.stages.definitions.newId(),
    name,
    sessionId,
    ...parts,
    createdMs: account.now(),
    owner: session.role,
  };
  if (parts.url !== null) resolveStage(parts.url, call);
  resolveFormat({ choice: null, stage, account, session });
  const owned = { kind: "STAGE", name, temporary } as const;
  requireToCreate(call, owned);
  if (call.describeOnly) return created;
  await beforeDefinition(call, temporary);
  if (same !== undefined) {
    if (ifNotExists) return statusResult(`${name.name} already exists, statement succeeded.`, typeIds.create);
    if (!replace) throw new SnowflakeError("002002", "42710", `SQL compilation error:\nObject '${name.name}' already exists.`);
    await account.stages.drop(same);
  }
  await account.stages.definitions.put(stage);
  await nowOwned(call, owned);
  return created;
}

function noSchema({ database, schema }: Stage["name"]): SnowflakeError {
  return new SnowflakeError(
    "002003",
    "02000",
    `SQL compilation error:\nSchema '${database}.${schema}' does not exist or not authorized.`,
  );
}

async function alterStage(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const scanner = scannerOf(call);
  scanner.expect("ALTER");
  scanner.expect("STAGE");
  const ifExists = scanner.takeWords("IF", "EXISTS");
  const path = scanner.identifierPath();
  const done = statusResult("Statement executed successfully.", typeIds.alter);
  const found = account.stages.definitions.find(wholeObjectName(path, session), session.id);
  if (found === undefined && ifExists) return done;
  const stage = findStage(path, call);
  const renamed = scanner.takeWords("RENAME", "TO") ? wholeObjectName(scanner.identifierPath(), session) : null;
  if (renamed === null && scanner.take("REFRESH") === null) scanner.expect("SET");
  const options = readOptions(scanner);
  scanner.end();
  requireOwnership(call, { kind: "STAGE", name: stage.name, temporary: stage.sessionId !== null });
  if (call.describeOnly) return done;
  await beforeDefinition(call, stage.sessionId !== null);
  const choice = formatChoice(options);
  if (renamed !== null) await account.stages.definitions.remove(stage);
  await account.stages.definitions.put({
    ...stage,
    name: renamed ?? stage.name,
    url: optionText(options, "URL") ?? stage.url,
    format: choice === null ? stage.format : stageParts(options).format,
    comment: optionText(options, "COMMENT") ?? stage.comment,
  });
  return done;
}

async function dropStage(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const scanner = scannerOf(call);
  scanner.expect("DROP");
  scanner.expect("STAGE");
  const ifExists = scanner.takeWords("IF", "EXISTS");
  const path = scanner.identifierPath();
  scanner.end();
  const name = wholeObjectName(path, session);
  const stage = account.stages.definitions.find(name, session.id);
  if (stage === undefined && ifExists) {
    return statusResult("Drop statement executed successfully (object already dropped or does not exist).", typeIds.drop);
  }
  const found = findStage(path, call);
  const owned = { kind: "STAGE", name, temporary: found.sessionId !== null } as const;
  requireOwnership(call, owned);
  if (!call.describeOnly) {
    await beforeDefinition(call, owned.temporary);
    await account.stages.drop(found);
    await noLongerOwned(call, owned);
  }
  return statusResult(`${name.name} successfully dropped.`, typeIds.drop);
}

async function showStages(call: StatementCall): Promise<StatementResult> {
  const stages = showObjects(call, { words: ["SHOW", "STAGES"], objects: call.account.stages.definitions.list(call.session.id) });
  return {
    columns: [
      timestampColumn("created_on"),
      ...[
        "name",
        "database_name",
        "schema_name",
        "url",
        "has_credentials",
        "has_encryption_key",
        "owner",
        "comment",
        "region",
        "type",
      ].map(textColumn),
    ],
    rows: stages.map(({ createdMs, name, url, owner, comment, sessionId }) => [
      timestampValue(createdMs),
      name.name,
      name.database,
      name.schema,
      url ?? "",
      "N",
      "N",
      owner,
      comment,
      null,
      `${url === null ? "INTERNAL" : "EXTERNAL"}${sessionId === null ? "" : " TEMPORARY"}`,
    ]),
    typeId: typeIds.show,
  };
}

async function describeStage(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const scanner = scannerOf(call);
  scanner.next();
  scanner.expect("STAGE");
  const stage = findStage(scanner.identifierPath(), call);
  scanner.end();
  const { type, ...values } = resolveFormat({ choice: null, stage, account, session });
  const rows: (readonly string[])[] = [["STAGE_FILE_FORMAT", "TYPE", "String", type, "CSV"]];
  for (const [name, value] of Object.entries(values)) {
    const property = name.replaceAll(/[A-Z]/g, "_$&").toUpperCase();
    rows.push([
      "STAGE_FILE_FORMAT",
      property,
      Array.isArray(value) ? "List" : "String",
      Array.isArray(value) ? `[${value.join(", ")}]` : String(value ?? "NONE"),
      "",
    ]);
  }
  rows.push(["STAGE_LOCATION", "URL", "String", stage.url === null ? "" : `["${stage.url}"]`, ""]);
  return {
    columns: ["parent_property", "property", "property_type", "property_value", "property_default"].map(textColumn),
    rows,
    typeId: typeIds.describe,
  };
}
