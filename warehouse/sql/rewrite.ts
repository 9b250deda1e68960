import { parseType } from "../engine/parse-type.ts";
import { literal, quoted } from "../engine/physical-name.ts";
import { SnowflakeError } from "../result.ts";
import { bindSql } from "./binds.ts";
import { castSql } from "./casts.ts";
import { functionSql, isKnownFunction } from "./functions.ts";
import { callOf } from "./function-call.ts";
import { bodyOf, expressionOf, generate, type Node, raw, stringOf, typeTextOf } from "./polyglot.ts";
import { relation, tableFunction } from "./relations.ts";
import type { Rewriting } from "./rewriting.ts";
import { unescaped } from "./tokens.ts";
import { asText, isNumber, isText, isVariant, jsonPath } from "./variants.ts";

type Handler = (body: Node, rewriting: Rewriting) => unknown;

const comparisons = ["eq", "neq", "lt", "lte", "gt", "gte", "null_safe_eq", "null_safe_neq"];
const textOperators = ["like", "i_like", "concat", "d_pipe"];
const arithmetic = ["add", "sub", "mul", "mod"];
const textFunctions = ["upper", "lower", "trim", "length", "substring", "l_trim", "r_trim", "replace"];
const numberFunctions = ["sum", "avg", "abs", "round", "floor", "ceil"];

const handlers: Readonly<Record<string, Handler>> = {
  table: relation,
  function: (body, rewriting) => tableFunction(body, rewriting) ?? { function: children(body, rewriting) },
  alias: (body, rewriting) => {
    const table = bodyOf(body["this"], "table");
    const isAnswered = rewriting.answers.has(body["this"] as Node);
    if (table === null || isAnswered) return { alias: children(body, rewriting) };
    return relation({ ...table, alias: body["alias"], column_aliases: body["column_aliases"] }, rewriting);
  },
  lateral: (body, rewriting) => {
    const alias = body["alias"] as string | null;
    const name = alias === null ? "" : ` AS ${quoted(body["alias_quoted"] === true ? alias : alias.toUpperCase())}`;
    return raw(`${generate(rewrite(body["this"], rewriting) as Node)}${name}`);
  },
  values: valuesNode,
  column: columnNode,
  literal: (body) => {
    const { literal_type: type, value } = body as { literal_type: string; value: string };
    if (type === "string") return raw(literal(unescaped(value)));
    if (type === "dollar_string") return raw(literal(value));
    if (type === "hex_string") return raw(`unhex(${literal(value)})`);
    return { literal: body };
  },
  parameter: (body, { scope }) => {
    if (body["style"] === "Colon") return raw(bindSql(scope.binds, Number(body["index"] ?? Number.NaN)));
    const name = String(body["index"]);
    // Of a stage's file by its number; of VALUES likewise.
    return raw(quoted(scope.stage === undefined ? `COLUMN${name}` : `$${name}`));
  },
  cast: (body, rewriting) => castNode(body, rewriting, false),
  try_cast: (body, rewriting) => castNode(body, rewriting, true),
  safe_cast: (body, rewriting) => castNode(body, rewriting, true),
  j_s_o_n_extract: (body, rewriting) => {
    const path = stringOf(body["expression"]);
    if (path === null) return { j_s_o_n_extract: children(body, rewriting) };
    return raw(`json_extract(${sqlOf(body["this"], rewriting)}, ${jsonPath(path)})`);
  },
  subscript: (body, rewriting) => {
    const of = sqlOf(body["this"], rewriting);
    const index = body["index"];
    const key = stringOf(index);
    if (key !== null) return raw(`json_extract(${of}, ${literal(`$."${unescaped(key)}"`)})`);
    if (isNumber(index)) return raw(`json_extract(${of}, ${literal(`$[${generate(index as Node)}]`)})`);
    const at = sqlOf(index, rewriting);
    return raw(
      `json_extract(${of}, CASE WHEN typeof(${at}) = 'VARCHAR' THEN '$."' || ${at} || '"' ELSE '$[' || ${at} || ']' END)`,
    );
  },
  dot: (body, rewriting) => {
    if (!isVariant(body["this"], rewriting)) return { dot: children(body, rewriting) };
    const { name } = body["field"] as { name: string };
    return raw(`json_extract(${sqlOf(body["this"], rewriting)}, ${literal(`$."${name}"`)})`);
  },
  extract: (body, rewriting) => {
    const custom = (body["field"] as { readonly Custom?: string }).Custom;
    // The parts that SQL's standard knows are DuckDB's as well.
    if (custom === undefined) return { extract: children(body, rewriting) };
    return raw(functionSql({ name: "DATE_PART", nodes: [{ var: { this: custom } }, body["this"]], rewriting, sqlOf })!);
  },
  div: (body, rewriting) => raw(`sf_divide(${numberSql(body["left"], rewriting)}, ${numberSql(body["right"], rewriting)})`),
  map_func: (body, rewriting) => {
    const keys = body["keys"] as readonly unknown[];
    const values = body["values"] as readonly unknown[];
    const args = keys.flatMap((key, index) => [key, values[index]]);
    return raw(functionSql({ name: "OBJECT_CONSTRUCT", nodes: args, rewriting, sqlOf })!);
  },
  array_func: (body, rewriting) =>
    raw(functionSql({ name: "ARRAY_CONSTRUCT", nodes: body["expressions"] as readonly unknown[], rewriting, sqlOf })!),
  within_group: withinGroup,
  array_agg: (body, rewriting) => arrayAggregate(body, [], rewriting),
  in: (body, rewriting) => ({ in: textWhereNeeded(body, ["this"], rewriting, listIsText(body, rewriting)) }),
  between: (body, rewriting) => ({ between: textWhereNeeded(body, ["this"], rewriting, isText(body["low"], rewriting)) }),
  ...Object.fromEntries(
    comparisons.map((kind): [string, Handler] => [
      kind,
      (body, rewriting) => {
        const texts = isText(body["left"], rewriting) || isText(body["right"], rewriting);
        return { [kind]: textWhereNeeded(body, ["left", "right"], rewriting, texts) };
      },
    ]),
  ),
  ...Object.fromEntries(
    textOperators.map((kind): [string, Handler] => [
      kind,
      (body, rewriting) => anyOf(kind, body, rewriting) ?? { [kind]: textWhereNeeded(body, ["left", "right"], rewriting, true) },
    ]),
  ),
  ...Object.fromEntries(
    textFunctions.map((kind): [string, Handler] => [
      kind,
      (body, rewriting) => ({ [kind]: textWhereNeeded(body, ["this"], rewriting, true) }),
    ]),
  ),
  ...Object.fromEntries(
    [...arithmetic, ...numberFunctions].map((kind): [string, Handler] => [
      kind,
      (body, rewriting) => ({ [kind]: numbersWhereNeeded(body, rewriting) }),
    ]),
  ),
};

/** A tree of Snowflake's as one of DuckDB's: names are whole and quoted, binds and functions replaced. */
export function rewrite(value: unknown, rewriting: Rewriting): unknown {
  if (Array.isArray(value)) return value.map((item) => rewrite(item, rewriting));
  if (typeof value !== "object" || value === null) return value;
  const answer = rewriting.answers.get(value as Node);
  if (answer !== undefined) return raw(answer);
  const expression = expressionOf(value);
  if (expression !== null) {
    const [kind, body] = expression;
    const call = callOf(kind, body);
    if (call !== null && isKnownFunction(call.name)) {
      const sql = functionSql({ name: call.name, nodes: call.args, rewriting, sqlOf });
      if (sql !== null) return raw(sql);
    }
    const handler = handlers[kind];
    return handler === undefined ? { [kind]: rewriteMembers(body, rewriting) } : handler(body, rewriting);
  }
  return rewriteMembers(value as Node, rewriting);
}

/** DuckDB's SQL of an expression. */
export function sqlOf(value: unknown, rewriting: Rewriting): string {
  return generate(rewrite(value, rewriting) as Node);
}

function rewriteMembers(body: Node, rewriting: Rewriting): Node {
  if (typeof body["name"] === "string" && typeof body["quoted"] === "boolean" && !("args" in body)) {
    const name = body["quoted"] ? body["name"] : body["name"].toUpperCase();
    return { name, quoted: true, trailing_comments: [], span: null };
  }
  return children(body, rewriting);
}

function children(body: Node, rewriting: Rewriting): Node {
  return Object.fromEntries(Object.entries(body).map(([member, value]) => [member, rewrite(value, rewriting)]));
}

function columnNode(body: Node, rewriting: Rewriting): unknown {
  const { name, quoted: isQuoted } = body["name"] as { name: string; quoted: boolean };
  const isBare = !isQuoted && body["table"] === null;
  if (isBare && name.toUpperCase() === "DEFAULT") return raw("DEFAULT");
  if (body["join_mark"] === true)
    throw new SnowflakeError(
      "002141",
      "42601",
      "SQL compilation error:\nouter joins written with (+) are not supported here: write LEFT JOIN",
    );
  return { column: children(body, rewriting) };
}

function valuesNode(body: Node, rewriting: Rewriting): unknown {
  const rewritten = children(body, rewriting);
  const rows = body["expressions"] as readonly { readonly expressions: readonly unknown[] }[];
  const names = rows[0]!.expressions.map((_, index) => quoted(`COLUMN${index + 1}`));
  const alias = (rewritten["alias"] ?? null) as { readonly name: string } | null;
  const given = (rewritten["column_aliases"] ?? []) as readonly { readonly name: string }[];
  const columns = given.length > 0 ? given.map(({ name }) => quoted(name)) : names;
  const sql = generate({ values: { ...rewritten, alias: null, column_aliases: [] } });
  return raw(`(SELECT * FROM (${sql}) AS "VALUES"(${columns.join(", ")}))${alias === null ? "" : ` AS ${quoted(alias.name)}`}`);
}

function castNode(body: Node, rewriting: Rewriting, isTry: boolean): unknown {
  const type = parseType(typeTextOf(body["to"]));
  const of = sqlOf(body["this"], rewriting);
  return raw(
    castSql(of, type, { isTry, isText: isText(body["this"], rewriting), isVariant: isVariant(body["this"], rewriting) }),
  );
}

/** LIKE ANY (…) and LIKE ALL (…), which DuckDB has not; null for a plain LIKE. */
function anyOf(kind: string, body: Node, rewriting: Rewriting): Node | null {
  const quantifier = body["quantifier"] ?? null;
  if (quantifier === null) return null;
  const right = expressionOf(body["right"]);
  const patterns = right?.[0] === "tuple" ? (right[1]["expressions"] as readonly unknown[]) : [body["right"]];
  const one = (pattern: unknown) => `(${sqlOf({ [kind]: { ...body, quantifier: null, right: pattern } }, rewriting)})`;
  return raw(`(${patterns.map(one).join(quantifier === "ALL" ? " AND " : " OR ")})`);
}

function textWhereNeeded(body: Node, members: readonly string[], rewriting: Rewriting, isNeeded: boolean): Node {
  const rewritten: Record<string, unknown> = { ...children(body, rewriting) };
  if (isNeeded)
    for (const member of members) if (isVariant(body[member], rewriting)) rewritten[member] = asText(rewritten[member]);
  return rewritten;
}

function numbersWhereNeeded(body: Node, rewriting: Rewriting): Node {
  const rewritten: Record<string, unknown> = { ...children(body, rewriting) };
  for (const member of ["this", "left", "right"])
    if (isVariant(body[member], rewriting)) rewritten[member] = raw(`CAST(${generate(rewritten[member] as Node)} AS DOUBLE)`);
  return rewritten;
}

function numberSql(value: unknown, rewriting: Rewriting): string {
  const sql = sqlOf(value, rewriting);
  return isVariant(value, rewriting) ? `CAST(${sql} AS DOUBLE)` : sql;
}

function listIsText(body: Node, rewriting: Rewriting): boolean {
  return ((body["expressions"] ?? []) as readonly unknown[]).some((item) => isText(item, rewriting));
}

function withinGroup(body: Node, rewriting: Rewriting): unknown {
  const order = body["order_by"] as readonly unknown[];
  const array = bodyOf(body["this"], "array_agg");
  if (array !== null) return arrayAggregate(array, order, rewriting);
  const expression = expressionOf(body["this"]);
  const call = expression === null ? null : callOf(...expression);
  if (call?.name !== "LISTAGG") return { within_group: children(body, rewriting) };
  return raw(listAggregate(call.args, orderSql(order, rewriting), rewriting));
}

/** LISTAGG, which is empty where there is nothing. */
function listAggregate(args: readonly unknown[], order: string, rewriting: Rewriting): string {
  const [of, separator] = args.map((arg) => sqlOf(arg, rewriting));
  return `coalesce(string_agg(sf_text(${of}), ${separator ?? "''"}${order}), '')`;
}

function arrayAggregate(body: Node, order: readonly unknown[], rewriting: Rewriting): unknown {
  const of = sqlOf(body["this"], rewriting);
  const distinct = body["distinct"] === true ? "DISTINCT " : "";
  const list = `list(${distinct}sf_variant(${of})${orderSql(order, rewriting)}) FILTER (WHERE (${of}) IS NOT NULL)`;
  return raw(`coalesce(to_json(${list}), CAST('[]' AS JSON))`);
}

function orderSql(order: readonly unknown[], rewriting: Rewriting): string {
  if (order.length === 0) return "";
  const keys = order.map((item) => {
    const key = item as { readonly this: unknown; readonly desc?: boolean; readonly nulls_first?: boolean | null };
    // Snowflake puts nulls last, and with DESC first.
    const nullsFirst = key.nulls_first ?? key.desc === true;
    return `${sqlOf(key.this, rewriting)}${key.desc === true ? " DESC" : ""} NULLS ${nullsFirst ? "FIRST" : "LAST"}`;
  });
  return ` ORDER BY ${keys.join(", ")}`;
}
