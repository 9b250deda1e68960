import type { TokenCursor } from "../sql/token-cursor.ts";

/** CREATE [OR REPLACE] [words] KIND [IF NOT EXISTS]. */
export interface CreateHead {
  readonly replace: boolean;
  /** Words between CREATE and the kind that were there: `TEMPORARY`. */
  readonly words: ReadonlySet<string>;
  readonly ifNotExists: boolean;
}

/** Reads the head of a CREATE up to the object's name. */
export function createHead(cursor: TokenCursor, kind: string, words: readonly string[] = []): CreateHead {
  cursor.expect("CREATE");
  const replace = cursor.accept("OR", "REPLACE");
  const seen = new Set<string>();
  // Each round takes one of the words.
  for (let word = words.find((candidate) => cursor.accept(candidate)); word !== undefined;) {
    seen.add(word);
    word = words.find((candidate) => cursor.accept(candidate));
  }
  cursor.expect(kind);
  return { replace, words: seen, ifNotExists: cursor.accept("IF", "NOT", "EXISTS") };
}

/** An option's value: a text without its quotes, words in upper case, or what is in parentheses. */
export function optionValue(cursor: TokenCursor): string {
  if (cursor.sees("(")) return cursor.parenthesized();
  const token = cursor.take();
  return token.kind === "string" || token.kind === "quoted" ? token.value : token.kind === "word" ? token.value : token.text;
}

/** The options `NAME = value …` at the end of a statement, names in upper case. Words that have no value are 'TRUE'. */
export function options(cursor: TokenCursor): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  while (!cursor.isAtEnd) {
    cursor.accept(",");
    const name = cursor.take().value;
    found.set(name, cursor.accept("=") ? optionValue(cursor) : "TRUE");
  }
  return found;
}
