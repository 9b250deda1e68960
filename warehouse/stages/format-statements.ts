import { SnowflakeError, type StatementResult } from "../result.ts";
import type { StatementCall, StatementKind } from "../statements/statement.ts";
import { statusResult, textColumn, timestampColumn, timestampValue, typeIds } from "./answer.ts";
import { fileFormat, findFormat, formatOptions } from "./file-format.ts";
import { type Options, optionText, readOptions } from "./option-list.ts";
import { missing, wholeObjectName } from "./resolve-stage.ts";
import { scannerOf } from "./bound-text.ts";
import { showObjects } from "./show-objects.ts";
import { noLongerOwned, nowOwned, requireOwnership, requireToCreate } from "./stage-privileges.ts";
import { beforeDefinition, createWords } from "./statement-context.ts";

/** CREATE, ALTER, DROP, SHOW and DESCRIBE FILE FORMAT. */
export const formatStatements: readonly StatementKind[] = [
  ...createWords(["FILE", "FORMAT"]).map((words) => ({ words, execute: createFormat })),
  { words: ["ALTER", "FILE", "FORMAT"], execute: alterFormat },
  { words: ["DROP", "FILE", "FORMAT"], execute: dropFormat },
  { words: ["SHOW", "FILE", "FORMATS"], execute: showFormats },
  { words: ["DESCRIBE", "FILE", "FORMAT"], execute: describeFormat },
  { words: ["DESC", "FILE", "FORMAT"], execute: describeFormat },
];

function withoutComment(options: Options): Options {
  return new Map([...options].filter(([name]) => name !== "COMMENT"));
}

async function createFormat(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const { formats } = account.stages;
  const scanner = scannerOf(call);
  scanner.expect("CREATE");
  const replace = scanner.takeWords("OR", "REPLACE");
  const temporary = scanner.take("TEMPORARY", "TEMP") !== null;
  scanner.expect("FILE");
  scanner.expect("FORMAT");
  const ifNotExists = scanner.takeWords("IF", "NOT", "EXISTS");
  const name = wholeObjectName(scanner.identifierPath(), session);
  const options = readOptions(scanner);
  scanner.end();
  const kept = formatOptions(withoutComment(options));
  fileFormat(kept);
  const created = statusResult(`File format ${name.name} successfully created.`, typeIds.create);
  const owned = { kind: "FILE FORMAT", name, temporary } as const;
  requireToCreate(call, owned);
  if (call.describeOnly) return created;
  await beforeDefinition(call, temporary);
  const sessionId = temporary ? session.id : null;
  const existing = formats.find(name, sessionId);
  if (existing !== undefined && existing.sessionId === sessionId) {
    if (ifNotExists) return statusResult(`${name.name} already exists, statement succeeded.`, typeIds.create);
    if (!replace) throw new SnowflakeError("002002", "42710", `SQL compilation error:\nObject '${name.name}' already exists.`);
    await formats.remove(existing);
  }
  const comment = optionText(options, "COMMENT") ?? "";
  await formats.put({
    id: formats.newId(),
    name,
    sessionId,
    options: kept,
    comment,
    createdMs: account.now(),
    owner: session.role,
  });
  await nowOwned(call, owned);
  return created;
}

async function alterFormat(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const scanner = scannerOf(call);
  for (const word of ["ALTER", "FILE", "FORMAT"]) scanner.expect(word);
  scanner.takeWords("IF", "EXISTS");
  const name = wholeObjectName(scanner.identifierPath(), session);
  scanner.expect("SET");
  const options = readOptions(scanner);
  scanner.end();
  const format = account.stages.formats.find(name, session.id);
  if (format === undefined) throw missing("File format", name);
  const changed = new Map([...format.options, ...formatOptions(withoutComment(options))]);
  fileFormat([...changed]);
  if (!call.describeOnly) {
    await beforeDefinition(call, format.sessionId !== null);
    await account.stages.formats.put({
      ...format,
      options: [...changed],
      comment: optionText(options, "COMMENT") ?? format.comment,
    });
  }
  return statusResult("Statement executed successfully.", typeIds.alter);
}

async function dropFormat(call: StatementCall): Promise<StatementResult> {
  const { account, session } = call;
  const scanner = scannerOf(call);
  for (const word of ["DROP", "FILE", "FORMAT"]) scanner.expect(word);
  const ifExists = scanner.takeWords("IF", "EXISTS");
  const name = wholeObjectName(scanner.identifierPath(), session);
  scanner.end();
  const format = account.stages.formats.find(name, session.id);
  if (format === undefined) {
    if (!ifExists) throw missing("File format", name);
    return statusResult("Drop statement executed successfully (object already dropped or does not exist).", typeIds.drop);
  }
  const owned = { kind: "FILE FORMAT", name, temporary: format.sessionId !== null } as const;
  requireOwnership(call, owned);
  if (!call.describeOnly) {
    await beforeDefinition(call, owned.temporary);
    await account.stages.formats.remove(format);
    await noLongerOwned(call, owned);
  }
  return statusResult(`${name.name} successfully dropped.`, typeIds.drop);
}

async function showFormats(call: StatementCall): Promise<StatementResult> {
  const { formats } = call.account.stages;
  const chosen = showObjects(call, { words: ["SHOW", "FILE", "FORMATS"], objects: formats.list(call.session.id) });
  return {
    columns: [
      timestampColumn("created_on"),
      ...["name", "database_name", "schema_name", "type", "owner", "comment", "format_options"].map(textColumn),
    ],
    rows: chosen.map(({ createdMs, name, owner, comment, options }) => [
      timestampValue(createdMs),
      name.name,
      name.database,
      name.schema,
      fileFormat(options).type,
      owner,
      comment,
      JSON.stringify(Object.fromEntries(options)),
    ]),
    typeId: typeIds.show,
  };
}

async function describeFormat(call: StatementCall): Promise<StatementResult> {
  const scanner = scannerOf(call);
  scanner.next();
  scanner.expect("FILE");
  scanner.expect("FORMAT");
  const start = scanner.position;
  scanner.identifierPath();
  scanner.end();
  const format = fileFormat(findFormat(scanner.text.slice(start).trim(), call));
  return {
    columns: ["property", "property_type", "property_value", "property_default"].map(textColumn),
    rows: Object.entries(format).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, "_$&").toUpperCase(),
      Array.isArray(value) ? "List" : "String",
      Array.isArray(value) ? `[${value.join(", ")}]` : String(value ?? "NONE"),
      "",
    ]),
    typeId: typeIds.describe,
  };
}
