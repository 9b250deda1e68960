import type { ObjectName } from "../engine/object-name.ts";
import { SnowflakeError } from "../result.ts";
import type { Session } from "../session.ts";
import { type Token, tokenize } from "./tokens.ts";

/** Reads a statement's tokens from left to right: for the statements that no library knows. */
export class TokenCursor {
  readonly text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.text = text;
    this.#tokens = tokenize(text);
  }

  /** The next token; null at the end. */
  get next(): Token | null {
    return this.#tokens[this.#at] ?? null;
  }

  get isAtEnd(): boolean {
    return this.next === null;
  }

  /** True where these words or symbols come next. Nothing is taken. */
  sees(...words: readonly string[]): boolean {
    return words.every((word, index) => {
      const token = this.#tokens[this.#at + index];
      return token !== undefined && token.kind !== "quoted" && token.kind !== "string" && token.value === word;
    });
  }

  /** Takes these words or symbols where all of them come next. */
  accept(...words: readonly string[]): boolean {
    if (!this.sees(...words)) return false;
    this.#at += words.length;
    return true;
  }

  /** Takes these words or symbols. Throws SnowflakeError 001003 where others come. */
  expect(...words: readonly string[]): void {
    for (const word of words) if (!this.accept(word)) throw this.unexpected();
  }

  /** Takes the next token. Throws SnowflakeError 001003 at the end. */
  take(): Token {
    const token = this.next;
    if (token === null) throw this.unexpected();
    this.#at += 1;
    return token;
  }

  /** An identifier as it is stored. `IDENTIFIER('x')` is not one. */
  identifier(): string {
    const token = this.take();
    if (token.kind === "word" || token.kind === "quoted") return token.value;
    this.#at -= 1;
    throw this.unexpected();
  }

  /** A name of one to three parts, the last being the object's. */
  nameParts(): readonly string[] {
    // A name bound or quoted as a text: identifier('db.schema.t').
    if (this.sees("IDENTIFIER", "(")) {
      this.expect("IDENTIFIER", "(");
      const inner = new TokenCursor(this.string());
      this.expect(")");
      return inner.nameParts();
    }
    const parts = [this.identifier()];
    while (this.accept(".")) {
      // db..t: the schema PUBLIC.
      parts.push(this.sees(".") ? "PUBLIC" : this.identifier());
    }
    return parts;
  }

  /** The whole name of an object of a schema. Throws SnowflakeError where the session has no database or schema to complete it. */
  objectName(session: Pick<Session, "database" | "schema">): ObjectName {
    return completeName(this.nameParts(), session);
  }

  /** A string, without its quotes. */
  string(): string {
    const token = this.take();
    if (token.kind === "string") return token.value;
    this.#at -= 1;
    throw this.unexpected();
  }

  /** The text in the next parentheses, without them. */
  parenthesized(): string {
    const open = this.next;
    this.expect("(");
    let depth = 1;
    for (;;) {
      const token = this.take();
      if (token.kind !== "symbol") continue;
      if (token.text === "(") depth += 1;
      if (token.text === ")") depth -= 1;
      if (depth === 0) return this.text.slice(open!.end, token.start);
    }
  }

  /** All that is left, as it is written. */
  rest(): string {
    const from = this.next?.start ?? this.text.length;
    this.#at = this.#tokens.length;
    return this.text.slice(from).trim();
  }

  /** Throws SnowflakeError 001003 where something is left. */
  end(): void {
    if (!this.isAtEnd) throw this.unexpected();
  }

  /** Snowflake's syntax error at this place. */
  unexpected(): SnowflakeError {
    const token = this.next;
    const before = this.text.slice(0, token?.start ?? this.text.length).split("\n");
    const at = `line ${before.length} at position ${before.at(-1)!.length} unexpected '${token?.text ?? "<EOF>"}'.`;
    return new SnowflakeError("001003", "42000", `SQL compilation error:\nsyntax error ${at}`);
  }
}

/** Completes a name from the session. Throws SnowflakeError where that has no database or schema. */
export function completeName(parts: readonly string[], session: Pick<Session, "database" | "schema">): ObjectName {
  const name = parts.at(-1)!;
  const database = parts.at(-3) ?? session.database;
  if (database === null)
    throw new SnowflakeError(
      "090105",
      "22000",
      "Cannot perform operation. This session does not have a current database. Call 'USE DATABASE', or use a qualified name.",
    );
  const schema = parts.at(-2) ?? session.schema;
  if (schema === null)
    throw new SnowflakeError(
      "090106",
      "22000",
      "Cannot perform operation. This session does not have a current schema. Call 'USE SCHEMA', or use a qualified name.",
    );
  return { database, schema, name };
}
