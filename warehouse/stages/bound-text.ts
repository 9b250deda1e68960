import { literal } from "../engine/physical-name.ts";
import { SnowflakeError } from "../result.ts";
import type { StatementCall } from "../statements/statement.ts";
import { Scanner } from "./scanner.ts";

/** The statement's text with the values of its bind variables in the place of `?`, as texts. Throws SnowflakeError where one is missing. */
export function boundText({ text, binds }: Pick<StatementCall, "text" | "binds">): string {
  if (binds.length === 0) return text;
  const scanner = new Scanner(text);
  let [bound, copied, index] = ["", 0, 0];
  for (let token = scanner.next(); token.kind !== "end"; token = scanner.next()) {
    if (token.kind !== "symbol" || token.value !== "?") continue;
    const value = binds[index++]?.value;
    if (typeof value !== "string") {
      throw new SnowflakeError(
        "002049",
        "42601",
        `SQL compilation error: error line 1\nBind variable ? number ${index} is not set.`,
      );
    }
    bound += text.slice(copied, token.start) + literal(value.replaceAll("\\", "\\\\"));
    copied = token.end;
  }
  return bound + text.slice(copied);
}

/** Reads the statement from its beginning. */
export function scannerOf(call: Pick<StatementCall, "text" | "binds">): Scanner {
  return new Scanner(boundText(call));
}
