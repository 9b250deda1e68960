import { SnowflakeError } from "../result.ts";

/** A piece of a statement's text. */
export type Token =
  | {
      readonly kind: "word" | "quoted" | "text" | "number" | "symbol" | "variable";
      readonly value: string;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: "end"; readonly value: ""; readonly start: number; readonly end: number };

const space = /(?:\s+|--[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const word = /[A-Za-z_][A-Za-z0-9_$]*/y;
const number = /\d+(?:\.\d+)?/y;
const quotedName = /"(?:[^"]|"")*"/y;
const quotedText = /'(?:[^'\\]|''|\\[\s\S])*'/y;
const dollarText = /\$\$[\s\S]*?\$\$/y;
const variable = /\$[A-Za-z0-9_]+/y;
/** A stage reference without quotes ends at white space or where a clause around it ends. */
const stage = /@(?:"(?:[^"]|"")*"|[^\s,;()'"])+/y;
/** An address without quotes, as PUT and GET take it: `file:///tmp/a*.csv`. */
const address = /file:\/\/[^\s;']+/y;

/** Reads the statements that stages, copies and pipes are made of, from left to right. Throws SnowflakeError 001003 where the text is not what is wanted. */
export class Scanner {
  readonly text: string;
  #at = 0;
  #peeked: Token | null = null;

  constructor(text: string) {
    this.text = text;
  }

  /** The next token, which stays. */
  peek(): Token {
    return (this.#peeked ??= this.#read());
  }

  /** Takes the next token. */
  next(): Token {
    const token = this.peek();
    this.#peeked = null;
    this.#at = token.end;
    return token;
  }

  /** Where the next token begins in the text. */
  get position(): number {
    return this.peek().start;
  }

  /** Takes the next token if it is one of these words (upper case) or symbols. */
  take(...wanted: readonly string[]): string | null {
    const token = this.peek();
    if (token.kind !== "word" && token.kind !== "symbol") return null;
    const value = token.value.toUpperCase();
    if (!wanted.includes(value)) return null;
    this.next();
    return value;
  }

  /** Takes these words, all of them or none. */
  takeWords(...wanted: readonly string[]): boolean {
    const at = this.position;
    for (const each of wanted) {
      if (this.take(each) === null) {
        this.#at = at;
        this.#peeked = null;
        return false;
      }
    }
    return true;
  }

  /** Takes this word or symbol, which has to come now. */
  expect(wanted: string): void {
    if (this.take(wanted) === null) throw this.unexpected();
  }

  /** An identifier as stored: upper case unless it was quoted. */
  identifier(): string {
    const token = this.next();
    if (token.kind === "word") return token.value.toUpperCase();
    if (token.kind === "quoted") return token.value;
    throw this.#unexpected(token);
  }

  /** The parts of `a.b.c` or `IDENTIFIER('a.b.c')`, as stored. */
  identifierPath(): readonly string[] {
    const word = this.position;
    if (this.take("IDENTIFIER") !== null) {
      // IDENTIFIER('db.schema.name'), as some drivers write names; else it is a name itself.
      if (this.take("(") !== null) return this.#named();
      this.#at = word;
      this.#peeked = null;
    }
    const parts = [this.identifier()];
    while (this.take(".") !== null) parts.push(this.identifier());
    return parts;
  }

  /** A quoted text. */
  string(): string {
    const token = this.next();
    if (token.kind !== "text") throw this.#unexpected(token);
    return token.value;
  }

  /** A stage as written after FROM or INTO, without its quotes; null where none comes. */
  stage(): string | null {
    const token = this.peek();
    if (token.kind === "text" && (token.value.startsWith("@") || /^[a-z0-9]+:\/\//i.test(token.value))) {
      this.next();
      return token.value;
    }
    if (token.kind !== "symbol" || token.value !== "@") return null;
    return this.#raw(stage);
  }

  /** A local file as PUT and GET take it, without quotes. */
  address(): string {
    if (this.peek().kind === "text") return this.string();
    const found = this.#raw(address);
    if (found === null) throw this.unexpected();
    return found;
  }

  /** Skips to behind the parenthesis that closes the one just taken, and gives what is between them. */
  insideParentheses(): string {
    const start = this.#at;
    for (let depth = 1; ;) {
      const token = this.next();
      if (token.kind === "end") throw this.#unexpected(token);
      if (token.kind !== "symbol") continue;
      if (token.value === "(") depth++;
      else if (token.value === ")" && --depth === 0) return this.text.slice(start, token.start);
    }
  }

  /** Throws where anything is left. */
  end(): void {
    if (this.peek().kind !== "end") throw this.unexpected();
  }

  /** The error that says what comes instead of what is wanted. */
  unexpected(): SnowflakeError {
    return this.#unexpected(this.peek());
  }

  #named(): readonly string[] {
    const inner = new Scanner(this.string());
    const parts = inner.identifierPath();
    inner.end();
    this.expect(")");
    return parts;
  }

  #raw(pattern: RegExp): string | null {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    this.#peeked = null;
    return match[0];
  }

  #unexpected(token: Token): SnowflakeError {
    const line = this.text.slice(0, token.start).split("\n");
    const place = `syntax error line ${line.length} at position ${(line.at(-1) ?? "").length}`;
    const found = token.kind === "end" ? "<EOF>" : this.text.slice(token.start, token.end);
    return new SnowflakeError("001003", "42000", `SQL compilation error:\n${place} unexpected '${found}'.`);
  }

  #read(): Token {
    const after = (pattern: RegExp, from: number): string | null => {
      pattern.lastIndex = from;
      return pattern.exec(this.text)?.[0] ?? null;
    };
    const start = this.#at + (after(space, this.#at)?.length ?? 0);
    const token = (kind: Exclude<Token["kind"], "end">, raw: string, value = raw): Token => ({
      kind,
      value,
      start,
      end: start + raw.length,
    });
    if (start >= this.text.length) return { kind: "end", value: "", start, end: start };
    const name = after(word, start);
    if (name !== null) return token("word", name);
    const digits = after(number, start);
    if (digits !== null) return token("number", digits);
    const quoted = after(quotedName, start);
    if (quoted !== null) return token("quoted", quoted, quoted.slice(1, -1).replaceAll('""', '"'));
    const text = after(quotedText, start);
    if (text !== null) return token("text", text, unescaped(text.slice(1, -1)));
    const dollars = after(dollarText, start);
    if (dollars !== null) return token("text", dollars, dollars.slice(2, -2));
    const variableName = after(variable, start);
    if (variableName !== null) return token("variable", variableName);
    return token("symbol", this.text[start] ?? "");
  }
}

/** What a text between quotes stands for: `''` and the backslash sequences. */
function unescaped(text: string): string {
  return text.replaceAll(/''|\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[0-7]{1,3}|[\s\S])/g, (all, escape: string | undefined) => {
    if (escape === undefined) return "'";
    if (/^x..$|^u....$/.test(escape)) return String.fromCodePoint(Number.parseInt(escape.slice(1), 16));
    if (/^[0-7]+$/.test(escape)) return String.fromCodePoint(Number.parseInt(escape, 8));
    const known: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };
    return known[escape] ?? all.slice(1);
  });
}
