import { parseType } from "../engine/parse-type.ts";
import { quoted } from "../engine/physical-name.ts";
import { type SnowflakeType, typeText } from "../engine/snowflake-type.ts";
import { SnowflakeError } from "../result.ts";
import { translateQuery } from "../sql/translate-query.ts";
import { type RecordStep, recordColumn } from "./file-source.ts";
import type { StatementCall } from "../statements/statement.ts";
import type { FileFormat } from "../stages/file-format.ts";
import { Scanner, type Token } from "../stages/scanner.ts";

/** The query of a COPY with a transformation, ready for every file. */
export interface TransformQuery {
  /** The largest field that it reads by its number. */
  readonly fieldMax: number;
  /** First steps of the paths that it reads of a Parquet file's records. */
  readonly steps: readonly RecordStep[];
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

interface Found extends RecordStep {
  readonly start: number;
  readonly end: number;
}

/** A cast right behind a step: `::NUMBER(38, 0)`. */
const stepCast = /\s*::\s*(?<type>[A-Za-z_][A-Za-z0-9_]*(?:\s*\(\s*\d+\s*(?:,\s*\d+\s*)?\))?)/y;

/**
 * A step from a record into it is a column of its own, so that it keeps the type it has in the file: `$1:name` becomes `"$1:name"`,
 * and `$1:name::NUMBER(9,2)` becomes `"$1:name::NUMBER 9 2"`: the library takes a name with parentheses for a function's. Also says which fields are read.
 */
export function withSteps(
  query: string,
  hasSteps: boolean,
): { readonly text: string; readonly steps: readonly RecordStep[]; readonly fieldMax: number } {
  const scanner = new Scanner(query);
  const found: Found[] = [];
  let fieldMax = 1;
  for (let token = scanner.next(); token.kind !== "end"; token = scanner.next()) {
    if (token.kind !== "variable" || !/^\$\d+$/.test(token.value)) continue;
    fieldMax = Math.max(fieldMax, Number(token.value.slice(1)));
    if (!hasSteps || token.value !== "$1") continue;
    const step = readStep(scanner, token);
    if (step !== null) found.push(step);
  }
  let [text, at] = ["", 0];
  for (const { start, end, column } of found) {
    text += query.slice(at, start) + quoted(column);
    at = end;
  }
  const steps = new Map(found.map(({ member, cast, column }) => [column, { member, cast, column }]));
  return { text: text + query.slice(at), steps: [...steps.values()], fieldMax };
}

/** `:name` or `:"name"` and perhaps a cast after the record, one colon only: two are a cast. */
function readStep(scanner: Scanner, record: Token): Found | null {
  if (scanner.take(":") === null) return null;
  const name = scanner.peek();
  if (name.kind !== "word" && name.kind !== "quoted") return null;
  scanner.next();
  const step = { member: name.value, cast: null, column: `$1:${name.value}`, start: record.start, end: name.end };
  stepCast.lastIndex = name.end;
  const type = stepCast.exec(scanner.text)?.groups?.["type"];
  const cast = type === undefined ? null : typeOrNull(type);
  return cast === null
    ? step
    : { ...step, cast, column: `${step.column}::${typeText(cast).replaceAll(/\W+/g, " ").trim()}`, end: stepCast.lastIndex };
}

/** Null for what is no type on its own, such as the first word of one with two. */
function typeOrNull(text: string): SnowflakeType | null {
  try {
    return parseType(text);
  } catch (error) {
    if (error instanceof SnowflakeError) return null;
    throw error;
  }
}
