import { SnowflakeError } from "../result.ts";
import { tokenize } from "../sql/tokens.ts";
import type { Bind } from "../statements/bind.ts";

/** A statement with the values of its `?`. */
export interface BoundText {
  readonly text: string;
  readonly binds: readonly Bind[];
}

/** What a name may be made of: one to three identifiers, for a stage with @ and a path. */
const name = /^@?%?~?(?:[A-Za-z_][\w$]*|"(?:[^"]|"")+")?(?:\.(?:[A-Za-z_][\w$]*|"(?:[^"]|"")+")){0,2}(?:\/[\w./=-]*)?$/;

/**
 * Puts the names that `IDENTIFIER(?)` and `IDENTIFIER(:1)` take from binds in their places, so that every kind of statement
 * understands them. Throws SnowflakeError 001011 where such a bind is no name.
 */
export function withIdentifiers({ text, binds }: BoundText): BoundText {
  if (!/\bIDENTIFIER\s*\(\s*[?:]/i.test(text)) return { text, binds };
  const tokens = tokenize(text);
  const taken = new Set<number>();
  const pieces: string[] = [];
  let [position, copied] = [0, 0];
  tokens.forEach((token, at) => {
    if (token.text !== "?" && token.text !== ":") return;
    const isNumbered = token.text === ":";
    const index = isNumbered ? Number(tokens[at + 1]?.text) - 1 : position++;
    const last = at + (isNumbered ? 2 : 1);
    if (tokens[at - 1]?.text !== "(" || tokens[at - 2]?.value !== "IDENTIFIER" || tokens[last]?.text !== ")") return;
    const value = binds[index]?.value;
    if (typeof value !== "string" || !name.test(value))
      throw new SnowflakeError("001011", "42601", "SQL compilation error:\ninvalid identifier in IDENTIFIER()");
    pieces.push(text.slice(copied, tokens[at - 2]!.start), value);
    copied = tokens[last].end;
    // A numbered bind keeps its place: others are named by theirs.
    if (!isNumbered) taken.add(index);
  });
  pieces.push(text.slice(copied));
  return { text: pieces.join(""), binds: binds.filter((_bind, index) => !taken.has(index)) };
}
