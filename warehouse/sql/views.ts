import type { ViewDefinition } from "../engine/catalog.ts";
import { quoted } from "../engine/physical-name.ts";
import { SnowflakeError } from "../result.ts";
import { generate, parse, type Node } from "./polyglot.ts";
import { prepareText } from "./prepared-text.ts";
import type { Rewriting } from "./rewriting.ts";
import { surveyed } from "./survey.ts";

/** Views within views: more are a circle. */
const depthMax = 32;

/** A view's query in DuckDB's SQL, its columns named as the view's. Its tables become those of the statement. */
export function viewSql(view: ViewDefinition, rewriting: Rewriting): string {
  if (rewriting.depth >= depthMax)
    throw new SnowflakeError(
      "002037",
      "42601",
      `SQL compilation error:\nview ${view.name.name} is nested more than ${depthMax} deep`,
    );
  const { scope } = rewriting;
  // Names in it are read where the view is.
  const session = new Proxy(scope.session, {
    get: (target, member) =>
      member === "database" ? view.name.database : member === "schema" ? view.name.schema : Reflect.get(target, member),
  });
  const inner = { ...scope, session, binds: [] };
  const { text, stages } = prepareText(view.text, session);
  const tree = parse(text);
  const survey = surveyed(tree, inner);
  const sql = generate(
    rewriting.rewrite(tree, { ...rewriting, scope: inner, stages, ...survey, named: [], depth: rewriting.depth + 1 }) as Node,
  );
  return `SELECT * FROM (${sql}) AS "VIEW"(${view.columns.map(({ name }) => quoted(name)).join(", ")})`;
}
