import { literal, quoted } from "../engine/physical-name.ts";
import { informationRelation, isInformationFunction } from "../information-schema/information-relation.ts";
import { resultScan } from "../statements/result-scan.ts";
import { systemFunction } from "../statements/system-functions.ts";
import type { KnownArguments } from "./known-arguments.ts";
import { callOf } from "./function-call.ts";
import { bodyOf, expressionOf, generate, type Node, stringOf } from "./polyglot.ts";
import type { QueryScope } from "./query-scope.ts";
import { relationOfRows } from "./relation-of-rows.ts";
import { visit } from "./survey.ts";
import { namePartsOf, stored } from "./table-names.ts";
import { freeExpression } from "./free-expression.ts";
import { sqlOf } from "./rewrite.ts";

/** DuckDB's SQL for the nodes of a tree that the server answers itself, after a wait. */
export async function answersFor(tree: Node, scope: QueryScope): Promise<ReadonlyMap<Node, string>> {
  const waiting: { readonly node: Node; answer(): Promise<string | null> }[] = [];
  visit(tree, (kind, body, node) => {
    if (kind === "table") waiting.push({ node, answer: () => informationTable(body, scope) });
    const call = callOf(kind, body);
    if (call === null) return;
    if (call.name === "LAST_QUERY_ID") waiting.push({ node, answer: async () => lastQuery(call.args, scope) });
    if (call.name.startsWith("SYSTEM$") && call.name !== "SYSTEM$TYPEOF")
      waiting.push({
        node,
        answer: async () => literal(await systemFunction(call.name, await argumentsOf(call.args, scope), scope)),
      });
    if (call.name === "TABLE") waiting.push({ node, answer: () => tableAnswer(call.args[0], scope) });
  });
  const answers = new Map<Node, string>();
  for (const { node, answer } of waiting) {
    const sql = await answer();
    if (sql !== null) answers.set(node, sql);
  }
  return answers;
}

async function informationTable(body: Node, scope: QueryScope): Promise<string | null> {
  const parts = namePartsOf(body);
  const rows = await informationRelation({ parts, isFunction: false, args: noArguments }, scope);
  if (rows === null) return null;
  const alias = body["alias"] as { readonly name: string } | null;
  return `${relationOfRows(rows)} AS ${quoted(alias === null ? parts.at(-1)! : stored(alias))}`;
}

async function tableAnswer(inner: unknown, scope: QueryScope): Promise<string | null> {
  const expression = expressionOf(inner);
  if (expression === null) return null;
  const [kind, body] = expression;
  const call = callOf(kind, body);
  if (call?.name === "RESULT_SCAN") {
    const [of] = call.args;
    const last = expressionOf(of) === null ? null : callOf(...expressionOf(of)!);
    const queryId =
      last?.name === "LAST_QUERY_ID" ? lastQueryId(last.args, scope) : (await argumentsOf(call.args, scope)).positional[0]!;
    return relationOfRows(resultScan(queryId ?? "", scope));
  }
  if (call !== null) {
    if (!isInformationFunction(call.name)) return null;
    const args = await argumentsOf(call.args, scope);
    const rows = await informationRelation({ parts: [call.name], isFunction: true, args }, scope);
    return rows === null ? null : relationOfRows(rows);
  }
  if (kind !== "method_call") return null;
  const parts = [...columnParts(body["this"]), stored(body["method"] as { name: string })];
  const args = await argumentsOf(body["args"] as readonly unknown[], scope);
  const rows = await informationRelation({ parts, isFunction: true, args }, scope);
  return rows === null ? null : relationOfRows(rows);
}

const noArguments: KnownArguments = { positional: [], named: new Map() };

function columnParts(node: unknown): readonly string[] {
  const column = bodyOf(node, "column");
  if (column === null) return [];
  return ["table", "name"].flatMap((member) => {
    const identifier = column[member] as { name: string; quoted?: boolean } | null;
    return identifier === null ? [] : [stored(identifier)];
  });
}

async function argumentsOf(args: readonly unknown[], scope: QueryScope): Promise<KnownArguments> {
  const positional: (string | null)[] = [];
  const named = new Map<string, string | null>();
  for (const arg of args) {
    const body = bodyOf(arg, "named_argument");
    if (body === null) positional.push(await textOf(arg, scope));
    else named.set(stored(body["name"] as { name: string }), await textOf(body["value"], scope));
  }
  return { positional, named };
}

/** The text of an expression's value: it is of no table. */
async function textOf(node: unknown, scope: QueryScope): Promise<string | null> {
  const text = stringOf(node);
  if (text !== null) return text;
  const sql = sqlOf(node, freeExpression(scope));
  const connection = await scope.account.store.connect();
  try {
    const value = (await connection.runAndReadAll(`SELECT sf_text(${sql})`)).getRows()[0]?.[0] ?? null;
    return value === null ? null : String(value);
  } finally {
    connection.closeSync();
  }
}

function lastQuery(args: readonly unknown[], scope: QueryScope): string {
  const id = lastQueryId(args, scope);
  return id === null ? "CAST(NULL AS VARCHAR)" : literal(id);
}

/** The query before this one in the session; `LAST_QUERY_ID(-2)` the one before that, `LAST_QUERY_ID(1)` the first. */
function lastQueryId(args: readonly unknown[], { account, session, queryId }: QueryScope): string | null {
  const number = args[0] === undefined ? -1 : Number(generate(args[0] as Node).replaceAll(" ", ""));
  const ids = account.queryHistory
    .list()
    .filter((record) => record.sessionId === session.id && record.queryId !== queryId)
    .map((record) => record.queryId);
  return ids.at(number < 0 ? number : number - 1) ?? null;
}
