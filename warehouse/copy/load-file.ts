import type { DuckDBConnection } from "@duckdb/node-api";
import { physicalName, quoted } from "../engine/physical-name.ts";
import type { TableDefinition } from "../engine/table-definition.ts";
import type { LoadStatus } from "./copy-history.ts";
import type { OnError } from "./copy-statement.ts";
import { badRow, type Examined, examineFile, without } from "./examine-file.ts";
import { outputName } from "./column-fit.ts";
import { type FilePlan, type PlanOptions, planFile } from "./file-plan.ts";
import type { HeldFile } from "./held-files.ts";
import { abortError, type LoadError, unreadable } from "./load-error.ts";

/** How the load of one file went. */
export interface FileOutcome {
  readonly file: HeldFile;
  readonly status: LoadStatus;
  readonly parsed: number;
  readonly loaded: number;
  readonly errorLimit: number;
  readonly errors: number;
  readonly first: LoadError | null;
}

/** What a file is loaded with. */
export interface LoadFileOptions extends PlanOptions {
  /** The session's transaction. `connection` is another one, where looking at a file that cannot be read does no harm. */
  readonly into: DuckDBConnection;
  /** As COPY shows a file. */
  shown(file: HeldFile): string;
  /** Told of a file that stops the statement, before it does. */
  failed(outcome: FileOutcome): void;
}

/** Loads a file as ON_ERROR says. Throws SnowflakeError where the statement stops. */
export async function loadFile(file: HeldFile, options: LoadFileOptions): Promise<FileOutcome> {
  const { onError } = options.statement.options;
  const plan = await planOrError(file, options);
  if ("code" in plan) return broken(file, plan, options);
  if (onError.kind === "ABORT_STATEMENT") return loadWhole(plan, options);
  const examined = await examineFile(plan, options.connection, options.table.name.name);
  const errorLimit = limitOf(onError, examined.parsed);
  const outcome = { file, parsed: examined.parsed, errorLimit, errors: examined.errors, first: examined.first };
  if (examined.broken || isSkipped(onError, examined)) return { ...outcome, status: "LOAD_FAILED", loaded: 0 };
  const bad = badRow(plan);
  const rows = plan.rows({ tolerant: true, ...without(examined.failing) });
  const values = plan.fits.map((_, at) => outputName(at)).join(", ");
  const { rowsChanged } = await options.into.run(
    `${insertInto(plan, options.table)} SELECT ${values} FROM ${rows}${bad === null ? "" : ` WHERE NOT ${bad}`}`,
  );
  const loaded = examined.errors === 0 || rowsChanged === examined.parsed;
  return { ...outcome, status: loaded ? "LOADED" : rowsChanged === 0 ? "LOAD_FAILED" : "PARTIALLY_LOADED", loaded: rowsChanged };
}

/** The plan, or why the file cannot be read. */
async function planOrError(file: HeldFile, options: LoadFileOptions): Promise<FilePlan | LoadError> {
  try {
    return await planFile(file, options);
  } catch (error) {
    return unreadable(error);
  }
}

function broken(file: HeldFile, first: LoadError, options: LoadFileOptions): FileOutcome {
  const outcome: FileOutcome = { file, status: "LOAD_FAILED", parsed: 1, loaded: 0, errorLimit: 1, errors: 1, first };
  // What does not fit the statement as such is no error of the file.
  if (options.statement.options.onError.kind === "ABORT_STATEMENT" || first.code.startsWith("00"))
    throw stopped(outcome, first, options);
  return outcome;
}

function stopped(outcome: FileOutcome, first: LoadError, options: LoadFileOptions): Error {
  options.failed(outcome);
  return abortError(first, options.shown(outcome.file));
}

/** Loads in one pass; only an error costs a second one, which finds its place. */
async function loadWhole(plan: FilePlan, options: LoadFileOptions): Promise<FileOutcome> {
  const values = plan.fits.map(({ bad, error }, at) =>
    bad === null ? outputName(at) : `CASE WHEN ${bad} THEN error(${error}) ELSE ${outputName(at)} END`,
  );
  try {
    const { rowsChanged } = await options.into.run(
      `${insertInto(plan, options.table)} SELECT ${values.join(", ")} FROM ${plan.rows({ tolerant: false })}`,
    );
    return { file: plan.file, status: "LOADED", parsed: rowsChanged, loaded: rowsChanged, errorLimit: 1, errors: 0, first: null };
  } catch (error) {
    const { parsed, errors, first } = await examineFile(plan, options.connection, options.table.name.name);
    if (first === null) throw error;
    const outcome: FileOutcome = { file: plan.file, status: "LOAD_FAILED", parsed, loaded: 0, errorLimit: 1, errors, first };
    throw Object.assign(stopped(outcome, first, options), { cause: error });
  }
}

function insertInto({ fits }: FilePlan, table: TableDefinition): string {
  return `INSERT INTO ${physicalName(table)} (${fits.map(({ column }) => quoted(column.name)).join(", ")})`;
}

function limitOf(onError: OnError, parsed: number): number {
  if (onError.kind !== "SKIP_FILE") return onError.kind === "CONTINUE" ? parsed : 1;
  if (onError.percent !== null) return Math.ceil((onError.percent / 100) * parsed);
  return onError.limit ?? 1;
}

function isSkipped(onError: OnError, { errors, parsed }: Examined): boolean {
  if (onError.kind !== "SKIP_FILE") return false;
  if (onError.percent !== null) return errors > (onError.percent / 100) * parsed;
  return errors >= (onError.limit ?? 1);
}
