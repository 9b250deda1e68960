import { quoted } from "../engine/physical-name.ts";
import { SnowflakeError } from "../result.ts";
import { translateQuery } from "../sql/translate-query.ts";
import { recordColumn } from "./file-source.ts";
import type { StatementCall } from "../statements/statement.ts";
import type { FileFormat } from "../stages/file-format.ts";
import { Scanner, type Token } from "../stages/scanner.ts";

/** The query of a COPY with a transformation, ready for every file. */
export interface TransformQuery {
  /** The largest field that it reads by its number. */
  readonly fieldMax: number;
  /** First steps of the paths that it reads of a Parquet file's records. */
  readonly steps: readonly string[];
  /** The query over a file's records, as a relation with a `recordColumn`. */
  over(source: string): string;
}

/** Stands for the file's records in the translated text, which is the same for every file. */
const placeholder = `"snowline records of the file"`;

/** Translates the query of a COPY. Throws SnowflakeError. */
export async function transformQuery(call: StatementCall, query: string, format: FileFormat): Promise<TransformQuery> {
  const { text, steps, fieldMax } = withSteps(query, format.type === "PARQUET");
  let stages = 0;
  const { sql } = await translateQuery(text, {
    ...call,
    stage: () => {
      stages++;
      return placeholder;
    },
  });
  if (stages !== 1)
    throw new SnowflakeError(
      "001003",
      "42000",
      "SQL compilation error:\nCOPY statement only supports simple SELECT from stage statements for import.",
    );
  return {
    fieldMax,
    steps,
    over: (source) => `(SELECT *, row_number() OVER () AS ${recordColumn} FROM (${sql.replaceAll(placeholder, () => source)}))`,
  };
}

interface Step {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/**
 * A step from a record into it is a column of its own, so that it keeps the type it has in the file: `$1:name` becomes `"$1:name"`.
 * Also says which fields are read.
 */
export function withSteps(
  query: string,
  hasSteps: boolean,
): { readonly text: string; readonly steps: readonly string[]; readonly fieldMax: number } {
  const scanner = new Scanner(query);
  const found: Step[] = [];
  let fieldMax = 1;
  for (let token = scanner.next(); token.kind !== "end"; token = scanner.next()) {
    if (token.kind !== "variable" || !/^\$\d+$/.test(token.value)) continue;
    fieldMax = Math.max(fieldMax, Number(token.value.slice(1)));
    if (!hasSteps || token.value !== "$1") continue;
    const step = readStep(scanner, token);
    if (step !== null) found.push(step);
  }
  let [text, at] = ["", 0];
  for (const { start, end, name } of found) {
    text += query.slice(at, start) + quoted(`$1:${name}`);
    at = end;
  }
  return { text: text + query.slice(at), steps: [...new Set(found.map(({ name }) => name))], fieldMax };
}

/** `:name` or `:"name"` after the record, one colon only: two are a cast. */
function readStep(scanner: Scanner, record: Token): Step | null {
  if (scanner.take(":") === null) return null;
  const name = scanner.peek();
  if (name.kind !== "word" && name.kind !== "quoted") return null;
  scanner.next();
  return { start: record.start, end: name.end, name: name.value };
}
