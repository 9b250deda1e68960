import { parseType } from "../engine/parse-type.ts";
import type { ColumnDefinition } from "../engine/table-definition.ts";
import { TokenCursor } from "../sql/token-cursor.ts";

/** A column as CREATE TABLE and ADD COLUMN say it. */
export interface DeclaredColumn extends ColumnDefinition {
  /** AUTOINCREMENT or IDENTITY: where it starts and its step. */
  readonly sequence: { readonly start: number; readonly step: number } | null;
}

/** Reads the inner text of CREATE TABLE's parentheses. Constraints of the table are read; PRIMARY KEY is kept, as information. */
export function columnList(text: string): readonly DeclaredColumn[] {
  const cursor = new TokenCursor(text);
  const columns: DeclaredColumn[] = [];
  const keys = new Set<string>();
  while (!cursor.isAtEnd) {
    if (isConstraint(cursor)) for (const key of tableConstraint(cursor)) keys.add(key);
    else columns.push(columnDeclaration(cursor));
    if (!cursor.accept(",")) cursor.end();
  }
  return columns.map((column) => (keys.has(column.name) ? { ...column, primaryKey: true, nullable: false } : column));
}

/** Reads one column: its name, its type and what is said of it. */
export function columnDeclaration(cursor: TokenCursor): DeclaredColumn {
  const name = cursor.identifier();
  const type = parseType(typeText(cursor));
  let column: DeclaredColumn = { name, type, nullable: true, defaultSql: null, sequence: null };
  // Each round takes at least a token.
  while (!cursor.isAtEnd && !cursor.sees(",")) column = withProperty(column, cursor);
  return column;
}

/** Reads a type with its parameters. */
export function typeText(cursor: TokenCursor): string {
  let text = cursor.take().text;
  while (["PRECISION", "VARYING"].some((word) => cursor.accept(word)))
    text += text.toUpperCase() === "DOUBLE" ? " PRECISION" : " VARYING";
  for (const words of [
    ["WITH", "TIME", "ZONE"],
    ["WITH", "LOCAL", "TIME", "ZONE"],
    ["WITHOUT", "TIME", "ZONE"],
  ])
    if (cursor.accept(...words)) text += ` ${words.join(" ")}`;
  if (cursor.sees("(")) text += `(${cursor.parenthesized()})`;
  return text;
}

function withProperty(column: DeclaredColumn, cursor: TokenCursor): DeclaredColumn {
  if (cursor.accept("NOT", "NULL")) return { ...column, nullable: false };
  if (cursor.accept("NULL")) return column;
  if (cursor.accept("DEFAULT")) return { ...column, defaultSql: expressionText(cursor) };
  if (cursor.accept("COMMENT")) {
    cursor.accept("=");
    return { ...column, comment: cursor.string() };
  }
  if (cursor.accept("AUTOINCREMENT") || cursor.accept("IDENTITY")) return { ...column, sequence: sequenceBounds(cursor) };
  if (cursor.accept("PRIMARY", "KEY")) return { ...column, primaryKey: true, nullable: false };
  if (cursor.accept("COLLATE")) {
    cursor.string();
    return column;
  }
  if (cursor.accept("CONSTRAINT")) {
    cursor.identifier();
    return column;
  }
  if (cursor.accept("REFERENCES")) {
    cursor.nameParts();
    if (cursor.sees("(")) cursor.parenthesized();
    return column;
  }
  for (const word of ["UNIQUE", "ENFORCED", "RELY", "NORELY", "ORDER", "NOORDER", "DEFERRABLE", "ENABLE", "DISABLE"])
    if (cursor.accept(word)) return column;
  if (cursor.accept("NOT", "ENFORCED")) return column;
  throw cursor.unexpected();
}

/** An expression up to what follows it in a column's declaration. */
function expressionText(cursor: TokenCursor): string {
  const start = cursor.next?.start ?? cursor.text.length;
  let end = start;
  const follows = [["NOT", "NULL"], ["COMMENT"], ["PRIMARY"], ["UNIQUE"], ["CONSTRAINT"], ["COLLATE"], ["AUTOINCREMENT"], [","]];
  while (!cursor.isAtEnd && !follows.some((words) => cursor.sees(...words))) {
    if (cursor.sees("(")) {
      const inner = cursor.next!.start;
      end = inner + cursor.parenthesized().length + 2;
    } else end = cursor.take().end;
  }
  return cursor.text.slice(start, end).trim();
}

function sequenceBounds(cursor: TokenCursor): { readonly start: number; readonly step: number } {
  if (cursor.sees("(")) {
    const [start = 1, step = 1] = cursor.parenthesized().split(",").map(Number);
    return { start, step };
  }
  let [start, step] = [1, 1];
  if (cursor.accept("START")) {
    cursor.accept("WITH");
    cursor.accept("=");
    start = Number(cursor.take().text);
  }
  if (cursor.accept("INCREMENT")) {
    cursor.accept("BY");
    cursor.accept("=");
    step = Number(cursor.take().text);
  }
  return { start, step };
}

function isConstraint(cursor: TokenCursor): boolean {
  return [["CONSTRAINT"], ["PRIMARY", "KEY"], ["UNIQUE", "("], ["FOREIGN", "KEY"]].some((words) => cursor.sees(...words));
}

/** The columns of a primary key; of other constraints none. */
function tableConstraint(cursor: TokenCursor): readonly string[] {
  if (cursor.accept("CONSTRAINT")) cursor.identifier();
  const isKey = cursor.accept("PRIMARY", "KEY");
  if (!isKey && !cursor.accept("FOREIGN", "KEY")) cursor.expect("UNIQUE");
  const inner = new TokenCursor(cursor.parenthesized());
  const names: string[] = [];
  while (!inner.isAtEnd) {
    names.push(inner.identifier());
    inner.accept(",");
  }
  // REFERENCES and the properties that nothing enforces.
  while (!cursor.isAtEnd && !cursor.sees(",")) {
    if (cursor.sees("(")) cursor.parenthesized();
    else cursor.take();
  }
  return isKey ? names : [];
}
