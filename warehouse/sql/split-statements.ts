import { tokenize } from "./tokens.ts";

/**
 * The statements of a text, without their semicolons; empty ones are left out. A semicolon in a string, a quoted name, a comment
 * or between $$ ends none.
 */
export function splitStatements(text: string): readonly string[] {
  const statements: string[] = [];
  let start: number | null = null;
  let end = 0;
  for (const token of tokenize(text)) {
    if (token.kind === "symbol" && token.text === ";") {
      if (start !== null) statements.push(text.slice(start, end));
      start = null;
    } else {
      start ??= token.start;
      end = token.end;
    }
  }
  if (start !== null) statements.push(text.slice(start, end));
  return statements;
}
