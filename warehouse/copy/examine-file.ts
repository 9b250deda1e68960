import type { DuckDBConnection } from "@duckdb/node-api";
import { literal } from "../engine/physical-name.ts";
import { outputName } from "./column-fit.ts";
import type { FilePlan, RowChoice } from "./file-plan.ts";
import { recordColumn } from "./file-source.ts";
import { type LoadError, unreadable } from "./load-error.ts";

/** What is wrong in a file. */
export interface Examined {
  /** Records of the file, also those that cannot be read. */
  readonly parsed: number;
  readonly errors: number;
  readonly first: LoadError | null;
  /** Nothing of it can be loaded: it cannot be read at all. */
  readonly broken: boolean;
  /** Rows of the tolerant relation that the statement's own expressions fail for. */
  readonly failing: readonly number[];
}

/** Rows that a statement's own expressions may fail for in one file: each is found by halves. A file with more is not loaded. */
const failingMax = 200;

/** Looks for all that is wrong in a file, without loading anything. */
export async function examineFile(plan: FilePlan, connection: DuckDBConnection, table: string): Promise<Examined> {
  try {
    const rejects = await plan.source.rejects();
    const failing = plan.transforms ? await failingRows(plan, connection) : { rows: [], first: null };
    const rows = plan.rows({ tolerant: true, ...without(failing.rows) });
    const bad = badRow(plan) ?? "false";
    const reader = await connection.runAndReadAll(`SELECT count(*) AS parsed, count(*) FILTER (${bad}) AS bad FROM ${rows}`);
    const { parsed, bad: badRows } = counted(reader.getRowObjectsJS()[0]);
    const errors = rejects.count + failing.rows.length + badRows;
    const candidates = [
      rejects.first === null
        ? null
        : { ...rejects.first, sqlState: "22000", row: rejects.first.line - plan.source.linesBefore, column: null },
      failing.first,
      badRows === 0 ? null : await firstBad(plan, connection, { rows, table }),
    ].filter((error) => error !== null);
    const first = candidates.toSorted((a, b) => (a.row ?? 0) - (b.row ?? 0))[0] ?? null;
    return { parsed: parsed + rejects.count + failing.rows.length, errors, first, broken: false, failing: failing.rows };
  } catch (error) {
    const first = unreadable(error);
    return { parsed: 1, errors: 1, first, broken: true, failing: [] };
  }
}

/** Chooses the records of a file without these. */
export function without(records: readonly number[]): Pick<RowChoice, "where"> {
  return records.length === 0 ? {} : { where: `"METADATA$FILE_ROW_NUMBER" NOT IN (${records.join(", ")})` };
}

/** True for a row with a value that does not fit; null where all values fit. */
export function badRow({ fits }: FilePlan): string | null {
  const bads = fits.map(({ bad }) => bad).filter((bad) => bad !== null);
  return bads.length === 0 ? null : `(${bads.join(" OR ")})`;
}

function counted(row: Readonly<Record<string, unknown>> | undefined): { readonly parsed: number; readonly bad: number } {
  return { parsed: Number(row?.["parsed"] ?? 0), bad: Number(row?.["bad"] ?? 0) };
}

interface BadRows {
  readonly rows: string;
  /** The table's name as errors show it. */
  readonly table: string;
}

async function firstBad(plan: FilePlan, connection: DuckDBConnection, { rows, table }: BadRows): Promise<LoadError | null> {
  const cases = plan.fits.flatMap(({ bad, error, column }, at) =>
    bad === null ? [] : [`WHEN ${bad} THEN [${error}, ${literal(`"${table}"["${column.name}":${at + 1}]`)}, '${at}']`],
  );
  const reader = await connection.runAndReadAll(
    `SELECT ${recordColumn} AS record, CASE ${cases.join(" ")} END AS error FROM ${rows} WHERE ${badRow(plan)} ORDER BY 1 LIMIT 1`,
  );
  const row = reader.getRowObjectsJS()[0];
  if (row === undefined) return null;
  const [coded, column] = row["error"] as readonly string[];
  const [code = "", ...message] = (coded ?? "").split("|");
  const record = Number(row["record"]);
  return {
    code,
    sqlState: code === "100072" ? "22000" : "22018",
    message: message.join("|"),
    line: record + plan.source.linesBefore,
    character: 1,
    row: record,
    column: column ?? null,
  };
}

interface Failing {
  readonly rows: readonly number[];
  readonly first: LoadError | null;
}

/** Finds by halves the rows that the statement's own expressions fail for. Throws where there are too many. */
async function failingRows(plan: FilePlan, connection: DuckDBConnection): Promise<Failing> {
  const failed = async (from: number, to: number): Promise<Error | null> => {
    try {
      await connection.run(
        `SELECT ${forced(plan)} FROM ${plan.rows({ tolerant: true, where: `"METADATA$FILE_ROW_NUMBER" BETWEEN ${from} AND ${to}` })}`,
      );
      return null;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return error;
    }
  };
  const reader = await connection.runAndReadAll(`SELECT max("METADATA$FILE_ROW_NUMBER") AS parsed FROM ${plan.source.tolerant}`);
  const { parsed } = counted(reader.getRowObjectsJS()[0]);
  const rows: number[] = [];
  let first: LoadError | null = null;
  const search = async (from: number, to: number): Promise<void> => {
    const error = from > to ? null : await failed(from, to);
    if (error === null) return;
    if (from === to) {
      rows.push(from);
      first ??= { ...unreadable(error), row: from, line: from + plan.source.linesBefore };
      if (rows.length > failingMax) throw error;
      return;
    }
    const middle = Math.floor((from + to) / 2);
    await search(from, middle);
    await search(middle + 1, to);
  };
  await search(1, parsed);
  return { rows, first };
}

/** Makes DuckDB look at every value. */
function forced({ fits, transforms }: FilePlan): string {
  return transforms && fits.length > 0 ? fits.map((_, at) => `count(${outputName(at)})`).join(", ") : "count(*)";
}
