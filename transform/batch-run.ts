import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { badColumn, batchTable, explainLines, partTable, readBatch } from "./batch-sql.ts";
import type { CompiledTransform } from "./compiled.ts";
import { databaseError } from "./database-error.ts";
import { explainRejects } from "./explain-rejects.ts";
import { findLines, longestLine } from "./line-search.ts";
import { rowsOf } from "./locked-database.ts";
import { narrow } from "./narrow.ts";
import { batchError, isRecordsFault, recordError } from "./record-error.ts";
import { ordinalColumn } from "./rewrite.ts";
import type { Lines, Reject, Rows, SplitRun, Transformed } from "./rows.ts";
import { faultColumn, faultMark, makeOrigins, originTable, resultTable, type TargetSql, writeRows } from "./target-sql.ts";

/** Lines are mostly shorter than this; DuckDB's buffers are twice as large and count in its memory limit. */
const lineBytesUsual = 4 * 1024 * 1024;
/** Records that only together make the SQL fail are found after others are out of the way; more rounds mean it is not the records. */
const narrowRoundsMax = 4;
/** About 1 ms each. Beyond it the SQL fails for so many records that it is the SQL that is wrong. */
const probesMax = 20_000;

/** Batches that are staged after one that had a row which does not fit, as such rows seldom come alone. */
const directAgainAfter = 16;

/** An abort is repeated after this time, until the statement has ended. */
const interruptEveryMs = 100;

/** What stays the same from batch to batch. */
export interface BatchRunOptions {
  readonly connection: DuckDBConnection;
  readonly directory: string;
  readonly compiled: CompiledTransform;
  /** True where rows tell their record. */
  readonly threaded: boolean;
  /** True: the rows' file says where each row comes from. */
  readonly origins: boolean;
  /** Gives the ordinals of the records that probably make the SQL fail; null: nothing can tell. */
  readonly suspects: string | null;
}

/** One batch, and the SQL that makes its rows. */
export interface BatchInput {
  readonly lines: Lines;
  readonly rejected: readonly Reject[];
  readonly signal: AbortSignal;
  /** The rows over the whole batch, and over a part of it. */
  readonly sql: { readonly whole: TargetSql; readonly part: TargetSql };
}

/** Runs batches, one at a time. Between them it leaves neither tables nor files but the rows handed out. */
export class BatchRun {
  readonly #options: BatchRunOptions;
  readonly #linesPath: string;
  readonly #explainPath: string;
  readonly #read: string;
  #files = 0;
  /** Batches that are still to be staged because one before them had a row which does not fit. */
  #wrongBefore = 0;

  constructor(options: BatchRunOptions) {
    this.#options = options;
    this.#linesPath = join(options.directory, "lines.ndjson");
    this.#explainPath = join(options.directory, "rejected.ndjson");
    this.#read = this.#readSql(lineBytesUsual);
  }

  async run(input: BatchInput): Promise<Transformed> {
    const { lines, rejected, signal } = input;
    signal.throwIfAborted();
    if (lines.length === 0) return { rows: null, rejects: rejected };
    let interrupting: NodeJS.Timeout | undefined;
    const abort = (): void => {
      // Between two statements, or before the next has begun, an interrupt meets nothing.
      interrupting = setInterval(() => this.#options.connection.interrupt(), interruptEveryMs);
      this.#options.connection.interrupt();
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      await this.#readLines(lines, signal);
      const rejects = await this.#rejectUnfit(input);
      if (this.#options.origins) await this.#query(makeOrigins(runsOf(lines)), signal);
      const rows = await this.#makeRows(input, rejects);
      const all = [...rejected, ...rejects.values()].toSorted((one, other) => one.ordinal - other.ordinal);
      return { rows, rejects: all };
    } catch (error) {
      signal.throwIfAborted();
      throw batchError(error, input.sql.whole.reasons);
    } finally {
      signal.removeEventListener("abort", abort);
      clearInterval(interrupting);
      await this.#clean();
    }
  }

  #readSql(lineBytesMax: number): string {
    const { source, meta } = this.#options.compiled;
    return readBatch({ source, meta, path: this.#linesPath, lineBytesMax });
  }

  async #query(sql: string, signal: AbortSignal): Promise<DuckDBValue[][]> {
    signal.throwIfAborted();
    return rowsOf(this.#options.connection, sql);
  }

  async #readLines(lines: Lines, signal: AbortSignal): Promise<void> {
    await writeFile(this.#linesPath, lines.bytes.subarray(0, lines.length), { signal });
    try {
      await this.#query(this.#read, signal);
    } catch (error) {
      if (databaseError(error)?.message.includes("maximum_object_size") !== true) throw error;
      await this.#query(this.#readSql(longestLine(lines) + 1), signal);
    }
    // The directory may be memory: the rows' file needs it now.
    await rm(this.#linesPath, { force: true });
  }

  /** Takes out of the batch what is no JSON or does not fit its column. */
  async #rejectUnfit({ lines, rejected, signal }: BatchInput): Promise<Map<number, Reject>> {
    const expected = lines.count - rejected.length;
    const counts = await this.#query(
      `SELECT count(*), count(${ordinalColumn}), count(*) FILTER (WHERE ${badColumn}) FROM ${batchTable}`,
      signal,
    );
    const [rows, known, bad] = counts[0]!.map(Number) as [number, number, number];
    if (known > expected) throw new Error(`lines: ${known} lines with an ordinal where ${expected} records have one`);
    const ordinals: number[] = [];
    if (known < expected) {
      const gone = new Set(rejected.map(({ ordinal }) => ordinal));
      const missing = await this.#query(
        `SELECT i::INTEGER FROM range(${lines.count}) AS t(i) WHERE i NOT IN (SELECT ${ordinalColumn} FROM ${batchTable} WHERE ${ordinalColumn} IS NOT NULL)`,
        signal,
      );
      ordinals.push(...missing.map(([ordinal]) => Number(ordinal)).filter((ordinal) => !gone.has(ordinal)));
    }
    if (bad > 0)
      ordinals.push(
        ...(await this.#query(`SELECT ${ordinalColumn} FROM ${batchTable} WHERE ${badColumn}`, signal)).map(([ordinal]) =>
          Number(ordinal),
        ),
      );
    if (rows > known || bad > 0)
      await this.#query(`DELETE FROM ${batchTable} WHERE ${ordinalColumn} IS NULL OR ${badColumn}`, signal);
    if (ordinals.length === 0) return new Map();
    const ranges = findLines(
      lines,
      rejected,
      ordinals.toSorted((one, other) => one - other),
    );
    const { source } = this.#options.compiled;
    const lineBytesMax = Math.max(lineBytesUsual, ...ranges.map(({ start, end }) => end - start + 1));
    const path = this.#explainPath;
    const query = explainLines({ source, meta: [], path, lineBytesMax });
    const explained = await explainRejects({ connection: this.#options.connection, lines, ranges, query, path });
    return new Map(explained.map((reject) => [reject.ordinal, reject]));
  }

  /** Runs the SQL. Where it fails because of records, these are rejected and it runs again without them. */
  async #makeRows(input: BatchInput, rejects: Map<number, Reject>): Promise<Rows | null> {
    for (let round = 1; ; round++) {
      try {
        return await this.#writeRows(input, rejects);
      } catch (error) {
        if (!isRecordsFault(error) || round > narrowRoundsMax) throw error;
        const faults = await this.#narrow(input);
        if (faults.length === 0) throw error;
        for (const reject of faults) rejects.set(reject.ordinal, reject);
        await this.#query(
          `DELETE FROM ${batchTable} WHERE ${ordinalColumn} IN (${faults.map(({ ordinal }) => ordinal).join(", ")})`,
          input.signal,
        );
      }
    }
  }

  async #narrow({ sql, signal }: BatchInput): Promise<Reject[]> {
    const bounds = await this.#query(`SELECT min(${ordinalColumn}), max(${ordinalColumn}) FROM ${batchTable}`, signal);
    const [first, last] = bounds[0]!.map(Number) as [number, number];
    const probe = async (from: number, to: number): Promise<Error | null> => {
      // A table of its own: a mere condition might be evaluated after the expression that fails.
      await this.#query(
        `CREATE OR REPLACE TEMP TABLE ${partTable} AS SELECT * FROM ${batchTable} WHERE ${ordinalColumn} BETWEEN ${from} AND ${to}`,
        signal,
      );
      try {
        await this.#query(`SELECT max(hash(t)) FROM (${sql.part.select}) AS t`, signal);
        return null;
      } catch (error) {
        if (isRecordsFault(error)) return error;
        throw error;
      }
    };
    const faults = await narrow({ first, last, suspects: await this.#suspects(signal), probe, probesMax });
    if (faults === null) {
      throw new Error(
        `transform.sql: it fails for more records of a batch than are looked for one by one (${probesMax} probes): make the SQL take such values, with TRY_CAST for example`,
      );
    }
    return faults.map(({ ordinal, error }) => ({ ordinal, error: recordError(error, sql.whole.reasons) }));
  }

  async #suspects(signal: AbortSignal): Promise<number[]> {
    const { suspects } = this.#options;
    if (suspects === null) return [];
    try {
      return (await this.#query(`SELECT DISTINCT ${ordinalColumn} FROM (${suspects})`, signal)).map(([ordinal]) =>
        Number(ordinal),
      );
    } catch (error) {
      if (isRecordsFault(error)) return [];
      throw error;
    }
  }

  async #writeRows({ sql, signal }: BatchInput, rejects: Map<number, Reject>): Promise<Rows | null> {
    const { columns, reasons, select, staged, direct, written } = sql.whole;
    const path = join(this.#options.directory, `rows-${++this.#files}.parquet`);
    try {
      let copied = direct === null || this.#wrongBefore > 0 ? null : await this.#writeDirect(direct, path, signal);
      if (copied === null) {
        this.#wrongBefore = Math.max(this.#wrongBefore - 1, 0);
        if (staged) {
          await this.#query(`CREATE OR REPLACE TEMP TABLE ${resultTable} AS ${select}`, signal);
          if (this.#options.threaded && reasons.length > 0) await this.#rejectFaults(reasons, rejects, signal);
        }
        copied = await this.#query(writeRows(written, path), signal);
      }
      const count = Number(copied[0]![0]);
      if (count > 0) return { path, count, bytes: (await stat(path)).size, columns };
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    await rm(path, { force: true });
    return null;
  }

  /** null: a row does not fit the table. */
  async #writeDirect(direct: string, path: string, signal: AbortSignal): Promise<DuckDBValue[][] | null> {
    try {
      return await this.#query(writeRows(direct, path), signal);
    } catch (error) {
      if (databaseError(error)?.message.includes(faultMark) !== true) throw error;
      this.#wrongBefore = directAgainAfter;
      return null;
    }
  }

  /** A record of which one row does not fit the table is rejected with all its rows. */
  async #rejectFaults(reasons: readonly string[], rejects: Map<number, Reject>, signal: AbortSignal): Promise<void> {
    const faults = await this.#query(
      `SELECT ${ordinalColumn}, min(${faultColumn}) FROM ${resultTable} WHERE ${faultColumn} IS NOT NULL GROUP BY 1`,
      signal,
    );
    if (faults.length === 0) return;
    if (faults.some(([ordinal]) => typeof ordinal !== "number"))
      throw new Error(
        "transform.sql: a row does not fit the table and comes from no record: write the SQL so that each row has one",
      );
    for (const [ordinal, fault] of faults)
      rejects.set(Number(ordinal), { ordinal: Number(ordinal), error: reasons[Number(fault)]! });
    await this.#query(
      `DELETE FROM ${resultTable} WHERE ${ordinalColumn} IN (SELECT ${ordinalColumn} FROM ${resultTable} WHERE ${faultColumn} IS NOT NULL)`,
      signal,
    );
  }

  async #clean(): Promise<void> {
    for (const table of [batchTable, partTable, resultTable, originTable])
      await this.#options.connection.run(`DROP TABLE IF EXISTS ${table}`);
    await rm(this.#linesPath, { force: true });
  }
}

function runsOf({ runs = [], count }: Lines): readonly SplitRun[] {
  const end = runs.at(-1)?.end ?? 0;
  if (end !== count) throw new Error(`lines: their runs hold ${end} records, not ${count}`);
  return runs;
}
