import { tokenize } from "../sql/tokens.ts";

/** How many `?` there are in a statement, outside texts, names and comments. Throws SnowflakeError where it has no end. */
export function bindsIn(text: string): number {
  return tokenize(text).filter(({ kind, text: symbol }) => kind === "symbol" && symbol === "?").length;
}
