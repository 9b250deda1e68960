import { SnowflakeError } from "../result.ts";

/** A piece of Snowflake's SQL. Comments and white space lie between them. */
export interface Token {
  readonly kind: "word" | "quoted" | "string" | "number" | "symbol";
  /** As it is written. */
  readonly text: string;
  /** What it stands for: a word in upper case, a quoted identifier or a string without its quotes and escapes. */
  readonly value: string;
  /** Offsets in the statement's text. */
  readonly start: number;
  readonly end: number;
}

const patterns: readonly (readonly [kind: Token["kind"] | "space", pattern: RegExp])[] = [
  // A file of PUT and GET: no comment begins in it.
  ["symbol", /file:\/\/[^\s;']+/iy],
  ["space", /(?:\s+|--[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y],
  ["string", /'(?:[^'\\]|\\[\s\S]|'')*'|\$\$[\s\S]*?\$\$/y],
  ["quoted", /"(?:[^"]|"")*"/y],
  ["number", /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ["word", /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y],
  ["symbol", /::|=>|->|<=|>=|<>|!=|\|\||[^\s\w]/y],
];

/** Characters that backslashes stand for in Snowflake's strings; others stand for themselves. */
const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", "0": "\0" };

/** Cuts SQL into its tokens. Throws SnowflakeError 001003 where a string, a quoted name or a comment has no end. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const [kind, found] = next(text, at);
    // An opening quote or comment that nothing closes is read as a symbol.
    if (kind === "symbol" && (found === "'" || found === '"')) throw unclosed(text, at);
    if (kind !== "space") tokens.push({ kind, text: found, value: valueOf(kind, found), start: at, end: at + found.length });
    at += found.length;
  }
  return tokens;
}

/** What backslashes in the inner text of a string stand for. */
export function unescaped(text: string): string {
  return text.replaceAll(/\\(?:x(?<hex>[0-9a-fA-F]{2})|u(?<unicode>[0-9a-fA-F]{4})|(?<other>[\s\S]))/g, (...match) => {
    const { hex, unicode, other } = match.at(-1) as { hex?: string; unicode?: string; other?: string };
    const code = hex ?? unicode;
    return code === undefined ? (escapes[other!] ?? other!) : String.fromCodePoint(Number.parseInt(code, 16));
  });
}

function next(text: string, at: number): readonly [kind: Token["kind"] | "space", found: string] {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) return [kind, found];
  }
  throw unclosed(text, at);
}

function valueOf(kind: Token["kind"], text: string): string {
  switch (kind) {
    case "word":
      return text.toUpperCase();
    case "quoted":
      return text.slice(1, -1).replaceAll('""', '"');
    case "string":
      return text.startsWith("$$") ? text.slice(2, -2) : unescaped(text.slice(1, -1).replaceAll("''", "'"));
    case "number":
    case "symbol":
      return text;
    default:
      return kind satisfies never;
  }
}

function unclosed(text: string, at: number): SnowflakeError {
  const before = text.slice(0, at).split("\n");
  return new SnowflakeError(
    "001003",
    "42000",
    `SQL compilation error:\nparse error line ${before.length} at position ${before.at(-1)!.length} near '${text.slice(at, at + 10)}'.`,
  );
}
