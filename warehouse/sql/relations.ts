import { missing } from "../engine/catalog.ts";
import { nameKey } from "../engine/catalog-state.ts";
import { objectText } from "../engine/object-name.ts";
import { physicalName, quoted } from "../engine/physical-name.ts";
import { SnowflakeError } from "../result.ts";
import { errorTable } from "./error-table.ts";
import { type FunctionCall, callOf } from "./function-call.ts";
import { bodyOf, expressionOf, generate, type Node, raw, stringOf } from "./polyglot.ts";
import { stageName } from "./prepared-text.ts";
import type { Rewriting } from "./rewriting.ts";
import { errorTableQuery } from "../streaming/error-rows.ts";
import { tableNameOf } from "./table-names.ts";
import { TokenCursor } from "./token-cursor.ts";
import { isVariant } from "./variants.ts";
import { flattenSql } from "./flatten.ts";
import { visit } from "./survey.ts";
import { viewSql } from "./views.ts";

/** What stands in FROM: a table, a view, a stage, a name that WITH gives. */
export function relation(body: Node, rewriting: Rewriting): Node {
  const { scope, withNames, stages } = rewriting;
  const name = body["name"] as { readonly name: string; readonly quoted: boolean };
  const plain = name.quoted ? name.name : name.name.toUpperCase();
  const isBare = (body["schema"] ?? null) === null;
  if (isBare && withNames.has(plain)) return rewritten(body, rewriting, {});
  const stage = isBare ? stages.findIndex((_, index) => plain === stageName(index)) : -1;
  if (stage !== -1) {
    if (scope.stage === undefined)
      throw new SnowflakeError("001003", "42000", "SQL compilation error:\na stage cannot be read in this statement.");
    return aliased(scope.stage(stages[stage]!), body, null);
  }
  const tableName = tableNameOf(body, scope.session);
  if ((body["when"] ?? null) !== null)
    throw new SnowflakeError("000002", "0A000", "Unsupported feature 'AT and BEFORE': this server keeps no older rows.");
  const table = scope.account.catalog.table(tableName, scope.session.id);
  if (table !== null) {
    rewriting.reads.set(nameKey(tableName), tableName);
    rewriting.named.push({ kind: "TABLE", name: tableName });
    return aliased(physicalName(table), body, tableName.name);
  }
  const view = scope.account.catalog.view(tableName);
  if (view === null) throw missing("Object", objectText(tableName));
  rewriting.named.push({ kind: "VIEW", name: tableName });
  return aliased(`(${viewSql(view, rewriting)})`, body, tableName.name);
}

/** A table function in FROM; null where it is none of ours. */
export function tableFunction(body: Node, rewriting: Rewriting): Node | null {
  const call = callOf("function", body)!;
  if (call.name === "TABLE") {
    const [inner] = call.args;
    const name = stringOf(inner);
    if (name !== null) return raw(`(SELECT * FROM ${generate(relation(tableNode(name), rewriting))})`);
    const expression = expressionOf(inner);
    const called = expression === null ? null : callOf(...expression);
    if (called === null) return null;
    return tableFunction({ name: called.name, args: called.args }, rewriting) ?? raw(sqlOf(inner, rewriting));
  }
  if (call.name === "FLATTEN") return raw(flatten(call, rewriting));
  if (call.name === "ERROR_TABLE") return raw(errorTable(call.args[0], rewriting));
  if (call.name === "GENERATOR") {
    const rows = named(call, "ROWCOUNT");
    return raw(
      `(SELECT * EXCLUDE ("SNOWLINE_N") FROM (SELECT "SNOWLINE_N", 1 AS "SNOWLINE_1" FROM range(${rows === null ? 0 : sqlOf(rows, rewriting)}) AS r("SNOWLINE_N")))`,
    );
  }
  if (call.name === "IDENTIFIER") {
    const name = stringOf(call.args[0]);
    return name === null ? null : relation(tableNode(name), rewriting);
  }
  if (call.name === "ERROR_TABLE") {
    const { account, session } = rewriting.scope;
    const name = new TokenCursor(generate(call.args[0] as Node)).objectName(session);
    const table = account.catalog.table(name, session.id);
    if (table === null) throw missing("Table", objectText(name));
    return raw(errorTableQuery(table.id));
  }
  if (call.name === "SPLIT_TO_TABLE") {
    const [of, separator] = call.args.map((arg) => sqlOf(arg, rewriting));
    return raw(
      `(SELECT 1 AS "SEQ", "INDEX", "VALUE" FROM (SELECT unnest(string_split(${of}, ${separator})) AS "VALUE", unnest(range(1, len(string_split(${of}, ${separator})) + 1)) AS "INDEX"))`,
    );
  }
  return null;
}

function flatten(call: FunctionCall, rewriting: Rewriting): string {
  const input = named(call, "INPUT") ?? call.args[0];
  const path = named(call, "PATH");
  const flag = (name: string) => bodyOf(named(call, name), "boolean")?.["value"] === true;
  const sql = sqlOf(input, rewriting);
  const of = isVariant(input, rewriting) ? sql : `sf_variant(${sql})`;
  const text = path === null ? null : stringOf(path);
  const at = text === null ? of : sqlOf({ j_s_o_n_extract: { this: raw(of), expression: path } }, rewriting);
  let isFree = true;
  visit(input, (kind) => {
    if (kind === "column" || kind === "subquery") isFree = false;
  });
  return flattenSql({ input: at, isFree, outer: flag("OUTER"), recursive: flag("RECURSIVE"), hasThis: rewriting.readsThis });
}

/** The value of a named argument. */
function named(call: FunctionCall, name: string): unknown {
  for (const arg of call.args) {
    const body = bodyOf(arg, "named_argument");
    if (body !== null && (body["name"] as { name: string }).name.toUpperCase() === name) return body["value"];
  }
  return null;
}

/** A table's node for a name in a text. */
function tableNode(name: string): Node {
  const parts = name.split(".").map((part) => {
    const isQuoted = part.startsWith('"');
    return { name: isQuoted ? part.slice(1, -1) : part, quoted: isQuoted };
  });
  return { name: parts.at(-1)!, schema: parts.at(-2) ?? null, catalog: parts.at(-3) ?? null, alias: null, column_aliases: [] };
}

function aliased(sql: string, body: Node, name: string | null): Node {
  const alias = body["alias"] as { readonly name: string; readonly quoted: boolean } | null;
  const called = alias === null ? name : alias.quoted ? alias.name : alias.name.toUpperCase();
  const columns = ((body["column_aliases"] ?? []) as readonly { readonly name: string; readonly quoted: boolean }[]).map(
    (column) => quoted(column.quoted ? column.name : column.name.toUpperCase()),
  );
  const list = columns.length === 0 ? "" : `(${columns.join(", ")})`;
  return raw(called === null ? sql : `${sql} AS ${quoted(called)}${list}`);
}

function rewritten(body: Node, rewriting: Rewriting, change: Node): Node {
  const members = Object.entries({ ...body, ...change }).map(([member, value]) => [member, rewriting.rewrite(value, rewriting)]);
  return { table: Object.fromEntries(members) as Node };
}

/** DuckDB's SQL of an expression. */
function sqlOf(value: unknown, rewriting: Rewriting): string {
  return generate(rewriting.rewrite(value, rewriting) as Node);
}
