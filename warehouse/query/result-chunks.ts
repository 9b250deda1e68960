import type { StatementResult } from "../result.ts";

/** Characters of the rows that travel in the answer itself; the others are fetched. */
const inlineCharactersMax = 1 << 20;
/** Characters of the rows in one chunk: large enough to be few, small enough to be read while the next one comes. */
const chunkCharactersMax = 8 << 20;
/** What JSON adds to a value: quotes and a comma. */
const valueCharacters = 3;

/** Rows `from` to `to` (exclusive) of a result, fetched by URL. */
export interface Chunk {
  readonly from: number;
  readonly to: number;
  /** About so many characters. */
  readonly characters: number;
}

/** How a result's rows travel. */
export interface ResultLayout {
  /** Rows in the answer itself. */
  readonly inline: number;
  readonly chunks: readonly Chunk[];
}

/** Divides a result's rows among the answer and chunks. The same for the same result. */
export function resultLayout({ rows }: StatementResult): ResultLayout {
  let inline = 0;
  let characters = 0;
  while (inline < rows.length && characters <= inlineCharactersMax) characters += rowCharacters(rows[inline++]!);
  const chunks: Chunk[] = [];
  for (let from = inline; from < rows.length;) {
    let to = from;
    characters = 0;
    while (to < rows.length && characters <= chunkCharactersMax) characters += rowCharacters(rows[to++]!);
    chunks.push({ from, to, characters });
    from = to;
  }
  return { inline, chunks };
}

/** A chunk's rows as drivers read them: JSON arrays with commas between them, without brackets around. */
export function chunkText({ rows }: StatementResult, { from, to }: Chunk): string {
  return JSON.stringify(rows.slice(from, to)).slice(1, -1);
}

function rowCharacters(row: readonly (string | null)[]): number {
  let characters = 2;
  for (const value of row) characters += (value?.length ?? 2) + valueCharacters;
  return characters;
}
