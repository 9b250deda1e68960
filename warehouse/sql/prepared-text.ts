import { SnowflakeError } from "../result.ts";
import type { Session } from "../session.ts";
import type { StageReference } from "./query-scope.ts";
import { type Token, tokenize } from "./tokens.ts";

/** A statement's text as the library can read it. */
export interface PreparedText {
  /** With `:1`, `:2`, … for `?`, the values of session variables, and `SNOWLINE_STAGE_0`, … for stages in FROM. */
  readonly text: string;
  readonly stages: readonly StageReference[];
}

/** Name that stands for the stage of that number. */
export const stageName = (index: number) => `SNOWLINE_STAGE_${index}`;

const stagePath = /@(?:"[^"]*"|[^\s,();'"])+/y;

/** Replaces in SQL what the library cannot read, or reads without its order. */
export function prepareText(text: string, session: Session): PreparedText {
  const tokens = tokenize(text);
  const stages: StageReference[] = [];
  const pieces: string[] = [];
  let binds = 0;
  let copied = 0;
  const replace = (from: number, to: number, by: string) => {
    pieces.push(text.slice(copied, from), by);
    copied = to;
  };
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at]!;
    if (token.start < copied) continue;
    const before = tokens[at - 1];
    if (token.text === "?") replace(token.start, token.end, `:${(binds += 1)}`);
    else if (token.text === "$" && tokens[at + 1]?.kind === "word" && tokens[at + 1]!.start === token.end) {
      replace(token.start, tokens[at + 1]!.end, variable(session, tokens[at + 1]!.value));
    } else if (isStage(token, before)) {
      const { reference, end } = readStage(text, tokens, at);
      replace(token.start, end, stageName(stages.length));
      stages.push(reference);
    } else if (isPathColon(token, before, tokens[at + 1])) {
      // `v[0]:name` is `v[0].name`, which the library reads.
      replace(token.start, token.end, ".");
    }
  }
  pieces.push(text.slice(copied));
  return { text: pieces.join(""), stages };
}

/** The texts of the items of the (first) SELECT at the top of a query; null where it has none. */
export function selectItems(text: string): readonly string[] | null {
  const tokens = tokenize(text);
  const depths = depthsOf(tokens);
  const select = tokens.findIndex((token, index) => depths[index] === 0 && token.kind === "word" && token.value === "SELECT");
  if (select === -1) return null;
  let at = select + 1;
  if (["DISTINCT", "ALL"].includes(tokens[at]?.value ?? "")) at += 1;
  if (tokens[at]?.value === "TOP" && tokens[at + 1]?.kind === "number") at += 2;
  const items: string[] = [];
  let start = tokens[at]?.start;
  for (; at <= tokens.length && start !== undefined; at += 1) {
    const token = tokens[at];
    const isClause = token !== undefined && depths[at] === 0 && token.kind === "word" && clauses.has(token.value);
    // WITHIN GROUP (…) and IS DISTINCT FROM are no clauses.
    const before = tokens[at - 1]?.value;
    const isPart = (token?.value === "GROUP" && before === "WITHIN") || (token?.value === "FROM" && before === "DISTINCT");
    const isEnd = token === undefined || (isClause && !isPart);
    const isComma = token !== undefined && depths[at] === 0 && token.text === ",";
    if (!isEnd && !isComma) continue;
    items.push(text.slice(start, tokens[at - 1]!.end));
    if (isEnd) return items;
    start = tokens[at + 1]?.start;
  }
  return items;
}

const clauses = new Set([
  "FROM",
  "WHERE",
  "GROUP",
  "HAVING",
  "QUALIFY",
  "ORDER",
  "LIMIT",
  "UNION",
  "INTERSECT",
  "EXCEPT",
  "MINUS",
  "FETCH",
  "OFFSET",
]);

function depthsOf(tokens: readonly Token[]): readonly number[] {
  let depth = 0;
  return tokens.map(({ kind, text }) => {
    if (kind === "symbol" && (text === ")" || text === "]")) depth -= 1;
    const here = depth;
    if (kind === "symbol" && (text === "(" || text === "[")) depth += 1;
    return here;
  });
}

function isPathColon(token: Token, before: Token | undefined, after: Token | undefined): boolean {
  const isName = after?.kind === "word" || after?.kind === "quoted";
  return token.text === ":" && before?.kind === "symbol" && before.text === "]" && isName;
}

function isStage(token: Token, before: Token | undefined): boolean {
  const follows = before !== undefined && (before.text === "," || ["FROM", "JOIN", "USING"].includes(before.value));
  return follows && (token.text === "@" || (token.kind === "string" && token.value.startsWith("@")));
}

function readStage(
  text: string,
  tokens: readonly Token[],
  at: number,
): { readonly reference: StageReference; readonly end: number } {
  const token = tokens[at]!;
  stagePath.lastIndex = token.start;
  const path = token.kind === "string" ? token.value : (stagePath.exec(text)?.[0] ?? "@");
  let end = token.kind === "string" ? token.end : token.start + path.length;
  const parameters: Record<string, string> = {};
  let next = tokens.findIndex(({ start }) => start >= end);
  if (next !== -1 && tokens[next]!.text === "(" && /^(?:FILE_FORMAT|PATTERN)$/.test(tokens[next + 1]?.value ?? "")) {
    next += 1;
    while (tokens[next] !== undefined && tokens[next]!.text !== ")") {
      const name = tokens[next]!.value;
      let value = tokens[next + 2];
      next += 3;
      let text = value?.value ?? "";
      // A format's name may have parts.
      while (tokens[next]?.text === ".") {
        value = tokens[next + 1];
        text += `.${value?.text ?? ""}`;
        next += 2;
      }
      parameters[name] = text;
      if (tokens[next]?.text === ",") next += 1;
    }
    end = tokens[next]?.end ?? text.length;
  }
  return { reference: { path, parameters }, end };
}

function variable(session: Session, name: string): string {
  const value = session.parameters.get(`$${name}`);
  if (value === undefined)
    throw new SnowflakeError(
      "002211",
      "02000",
      `SQL compilation error: error line 1 at position 0\nSession variable '$${name}' does not exist`,
    );
  return value;
}
