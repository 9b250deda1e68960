import type { ObjectName } from "../engine/object-name.ts";
import { answersFor } from "./answers.ts";
import { bodyOf, generate, type Node, parse } from "./polyglot.ts";
import { type PreparedText, prepareText, selectItems } from "./prepared-text.ts";
import type { QueryScope } from "./query-scope.ts";
import { rewrite } from "./rewrite.ts";
import type { NamedObject, Rewriting } from "./rewriting.ts";
import { surveyed } from "./survey.ts";

/** A query in DuckDB's SQL. It has no parameters left. */
export interface TranslatedQuery {
  readonly sql: string;
  /** Tables it reads, views looked through. */
  readonly reads: readonly ObjectName[];
  /** What it names itself: the role needs privileges on these. */
  readonly named: readonly NamedObject[];
}

/** A statement's tree, with what its rewriting needs. */
export interface ParsedStatement {
  readonly tree: Node;
  readonly prepared: PreparedText;
  readonly rewriting: Rewriting;
}

/**
 * Translates SELECT (also WITH, VALUES and set operations) from Snowflake's SQL to DuckDB's. Result columns have Snowflake's names.
 * Throws SnowflakeError.
 */
export async function translateQuery(text: string, scope: QueryScope): Promise<TranslatedQuery> {
  const { tree, prepared, rewriting } = await parseStatement(text, scope);
  const sql = generate(rewrite(namedColumns(tree, prepared.text), rewriting) as Node);
  return { sql, reads: [...rewriting.reads.values()], named: rewriting.named };
}

/** Parses a statement and waits for what its rewriting cannot wait for. */
export async function parseStatement(text: string, scope: QueryScope): Promise<ParsedStatement> {
  const prepared = prepareText(text, scope.session);
  const tree = parse(prepared.text);
  const answers = await answersFor(tree, scope);
  const rewriting: Rewriting = {
    rewrite,
    scope,
    stages: prepared.stages,
    ...surveyed(tree, scope),
    reads: new Map(),
    named: [],
    answers,
    depth: 0,
  };
  return { tree, prepared, rewriting };
}

/** A query's tree whose items without a name have their text in `text` for one, as Snowflake names them: `COUNT(*)`. */
export function namedColumns(tree: Node, text: string): Node {
  const select = bodyOf(tree, "select");
  const items = select === null ? null : selectItems(text);
  const expressions = (select?.["expressions"] ?? []) as readonly Node[];
  if (select === null || items === null || items.length !== expressions.length) return tree;
  const named = expressions.map((expression, index) => {
    if (["alias", "column", "star", "aliases"].some((kind) => kind in expression)) return expression;
    if (bodyOf(expression, "parameter")?.["style"] === "Dollar") return expression;
    const name = items[index]!.toUpperCase();
    return {
      alias: {
        this: expression,
        alias: { name, quoted: true, trailing_comments: [], span: null },
        column_aliases: [],
        alias_explicit_as: true,
        pre_alias_comments: [],
        trailing_comments: [],
      },
    };
  });
  return { select: { ...select, expressions: named } };
}
