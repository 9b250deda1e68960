import type { DuckDBConnection } from "@duckdb/node-api";
import { setTimeout } from "node:timers/promises";
import type { Lookup, PipelineTransform } from "../crds/kinds/transform.ts";
import { batchTable, emptyBatch } from "./batch-sql.ts";
import { areProblems } from "./check-columns.ts";
import { type Column, type MetaColumn, metaColumns } from "./column.ts";
import type { CompiledTransform, SqlProblem } from "./compiled.ts";
import { outputColumns } from "./output-columns.ts";
import { lookupColumns, lookupProblems } from "./lookup-spec.ts";
import { nearest } from "../crds/nearest.ts";
import { needsRecords, perBatchReasons } from "./per-batch.ts";
import { type Accepted, acceptStatement } from "./accept-statement.ts";
import { type CompileDatabase, leavingNothing, openCompileDatabase } from "./compile-database.ts";
import { rewrite } from "./rewrite.ts";
import { quoted } from "./duckdb-type.ts";
import { reservedPrefix, sameName } from "./sql-text.ts";
import { problemAt, problemOf, sqlPath } from "./sql-problem.ts";
import { isNode, type Node, node, nodes, offsetOf, text } from "./statement.ts";

/** Compiling takes milliseconds; SQL that takes this long is none that a batch would come through with either. */
const compileMsMaxDefault = 10_000;
const everything = "SELECT * FROM source";

/** LIKE, ILIKE, their negations, GLOB and SIMILAR TO, as DuckDB's parser calls them. */
const starFilters: ReadonlySet<string> = new Set(["~~", "!~~", "~~*", "!~~*", "~~~", "regexp_full_match"]);
/** Where the manifest has the upsert of the embedded sink. */
const usualUpsertPath = "sink.duckdb.mode.upsert";

/** What the SQL is checked against. */
export interface CompileOptions {
  /** Declared columns of `source`, as `sourceColumns` gives them. */
  readonly source: readonly Column[];
  /** Undefined: everything comes out as it came. */
  readonly transform: PipelineTransform | undefined;
  /** Key columns in upsert mode; they have to come out. */
  readonly upsertKey: readonly string[] | null;
  /** Column that says that a row removes the one with its key; it has to come out, too, as a BOOLEAN. Default: none. */
  readonly deleteWhen?: string | undefined;
  /** Where the manifest has both, for what is wrong with them. Default: the embedded sink's. */
  readonly upsertPath?: string;
  /** True: each row has to come from one record (`load.streaming`); SQL that is per batch is refused. Default: false. */
  readonly perRecord?: boolean;
  /** SQL that takes longer to compile is refused. Default: 10 s. */
  readonly compileMsMax?: number;
  /** Where to compile; nobody else may be at it. Default: one of its own, which takes twice as long. */
  readonly database?: CompileDatabase;
}

/**
 * Checks a pipeline's SQL against the declared columns, without data and without reaching anything outside. A list is what is
 * wrong, each problem with its place in the SQL where DuckDB knows it.
 */
export async function compileTransform(options: CompileOptions): Promise<CompiledTransform | SqlProblem[]> {
  const lookups = options.transform?.lookups ?? {};
  const problems = lookupProblems(lookups);
  if (problems.length > 0) return problems;
  const database = options.database ?? (await openCompileDatabase());
  const { compileMsMax = compileMsMaxDefault } = options;
  const stopped = new AbortController();
  try {
    const late = setTimeout(compileMsMax, tooLong(compileMsMax), { signal: stopped.signal }).then((problems) => {
      database.connection.interrupt();
      return problems;
    });
    // DuckDB's binder heeds no interrupt: what it is at is left to itself.
    return await Promise.race([leavingNothing(database, () => compileIn(database, options, lookups)), late]);
  } finally {
    stopped.abort();
    if (options.database === undefined) database[Symbol.dispose]();
  }
}

function tooLong(compileMsMax: number): SqlProblem[] {
  const message = `takes too long to compile: it was given up after ${compileMsMax / 1000} s; make its constant expressions smaller, or its CTEs fewer`;
  return [{ path: sqlPath, message }];
}

async function compileIn(
  { connection, aggregates }: CompileDatabase,
  options: CompileOptions,
  lookups: Readonly<Record<string, Lookup>>,
): Promise<CompiledTransform | SqlProblem[]> {
  const { source } = options;
  const sql = options.transform?.sql ?? everything;
  const accepted = await acceptStatement(connection, sql, Object.keys(lookups));
  if (Array.isArray(accepted)) return accepted;
  const { analysis, query } = accepted;
  const renamed = renamedBeyond(sql, analysis.sources, source.length);
  if (renamed.length > 0) return renamed;
  for (const [name, lookup] of Object.entries(lookups)) {
    const columns = lookupColumns(name, lookup);
    if (!areProblems(columns)) await createTable(connection, name, columns);
  }
  await createTable(connection, "source", [...source, ...analysis.meta.map((name) => ({ name, type: metaColumns[name] }))]);
  try {
    // Bound as it was written, so that the places of its errors are the owner's.
    const prepared = await connection.prepare(sql);
    prepared.destroySync();
  } catch (error) {
    return [problemOf(sql, error)];
  }
  let shape: OutputShape;
  try {
    shape = await outputOf(connection, accepted, { source, meta: analysis.meta, aggregates });
  } catch (error) {
    // Places are those of the rewritten statement.
    const { path, message } = problemOf(sql, error);
    return [{ path, message }];
  }
  const { output, threaded } = shape;
  const outputProblems = [
    ...unnamed(sql, query),
    ...checkOutput(output),
    ...keyProblems(output, options),
    ...deleteProblems(output, options),
  ];
  if (outputProblems.length > 0) return outputProblems;
  const reasons = perBatchReasons(query, aggregates);
  if (options.perRecord === true && (!threaded || reasons.length > 0)) {
    return [{ path: sqlPath, message: reasons.length === 0 ? needsRecords : `${reasons.join(", ")}: ${needsRecords}` }];
  }
  return {
    sql,
    source,
    meta: analysis.meta,
    lookups,
    output,
    perBatch: reasons.length > 0,
    warnings: warnings(reasons, analysis.nondeterministic),
  };
}

/** `source AS s(a, b, …)` may rename declared columns only: which others there are depends on what the SQL names elsewhere. */
function renamedBeyond(sql: string, sources: readonly Node[], declared: number): SqlProblem[] {
  return sources.flatMap((item) => {
    const names = item["column_name_alias"];
    if (!Array.isArray(names) || names.length <= declared) return [];
    const message = `source has ${declared} declared columns, and ${names.length} names are given for them: leave out the rest`;
    return [problemAt(sql, message, offsetOf(item))];
  });
}

async function createTable(connection: DuckDBConnection, name: string, columns: readonly Column[]): Promise<void> {
  await connection.run(
    `CREATE TABLE ${quoted(name)} (${columns.map((column) => `${quoted(column.name)} ${column.type}`).join(", ")})`,
  );
}

interface SourceShape {
  readonly source: readonly Column[];
  readonly meta: readonly MetaColumn[];
  readonly aggregates: ReadonlySet<string>;
}

interface OutputShape {
  readonly output: Column[];
  /** True where each row comes from one record. */
  readonly threaded: boolean;
}

async function outputOf(
  connection: DuckDBConnection,
  { statement }: Accepted,
  { source, meta, aggregates }: SourceShape,
): Promise<OutputShape> {
  await connection.run(emptyBatch(batchTable, source, meta));
  const rewritten = await rewrite({
    connection,
    statement,
    table: batchTable,
    columns: source.map(({ name }) => name),
    meta,
    aggregates,
  });
  return { output: await outputColumns(connection, rewritten), threaded: rewritten.threaded };
}

/** Expressions that come out without a name of their own. */
function unnamed(sql: string, query: Node): SqlProblem[] {
  let first = query;
  while (first["type"] === "SET_OPERATION_NODE") first = node(first["left"]);
  return nodes(first["select_list"]).flatMap((item) => {
    const named =
      text(item["alias"]) !== "" ||
      item["class"] === "COLUMN_REF" ||
      item["class"] === "STAR" ||
      unnests(item) ||
      filtersStar(item);
    if (named || first["type"] !== "SELECT_NODE" || !isSelectList(first)) return [];
    return [problemAt(sql, "an expression comes out without a name: add AS and the column's name", offsetOf(item))];
  });
}
/** A struct that is unnested comes out as columns named like its members. */
function unnests(item: Node): boolean {
  return item["class"] === "FUNCTION" && text(item["function_name"]).toLowerCase() === "unnest";
}
/** `* LIKE '…'` and its kin choose columns by name. */
function filtersStar(item: Node): boolean {
  const first = nodes(item["children"])[0];
  return starFilters.has(text(item["function_name"])) && first?.["class"] === "STAR" && first["columns"] === false;
}
/** VALUES is parsed as a SELECT over its rows. */
function isSelectList(select: Node): boolean {
  return !isNode(select["from_table"]) || select["from_table"]["type"] !== "EXPRESSION_LIST";
}

function checkOutput(output: readonly Column[]): SqlProblem[] {
  return output.flatMap(({ name }, index) => {
    if (name.toLowerCase().startsWith(reservedPrefix))
      return [{ path: sqlPath, message: `column ${name}: Snowline uses this name itself; rename it with AS` }];
    const twice = output.findIndex((other) => sameName(other.name, name)) < index;
    return twice
      ? [{ path: sqlPath, message: `column ${name} comes out twice: rename one with AS, or leave one out of * with EXCLUDE` }]
      : [];
  });
}

function keyProblems(output: readonly Column[], { upsertKey, upsertPath = usualUpsertPath }: CompileOptions): SqlProblem[] {
  return (upsertKey ?? []).flatMap((key) => {
    if (output.some(({ name }) => sameName(name, key))) return [];
    const names = output.map(({ name }) => name);
    const guess = nearest(key, names);
    return [
      {
        path: `${upsertPath}.key`,
        message: `the upsert key's column ${key} does not come out of the SQL${guess === undefined ? `: select it (columns are ${names.join(", ")})` : `; did you mean ${guess}?`}`,
      },
    ];
  });
}

function deleteProblems(output: readonly Column[], options: CompileOptions): SqlProblem[] {
  const { deleteWhen, upsertKey, upsertPath = usualUpsertPath } = options;
  if (deleteWhen === undefined) return [];
  const problem = (message: string): SqlProblem[] => [{ path: `${upsertPath}.deleteWhen`, message }];
  const column = output.find(({ name }) => sameName(name, deleteWhen));
  if (column === undefined) {
    const guess = nearest(
      deleteWhen,
      output.map(({ name }) => name),
    );
    return problem(
      `column ${deleteWhen} does not come out of the SQL${guess === undefined ? ": select it" : `; did you mean ${guess}?`}`,
    );
  }
  if (upsertKey?.some((key) => sameName(key, deleteWhen)) === true)
    return problem(`column ${deleteWhen} is in the key: name another column`);
  return column.type === "BOOLEAN"
    ? []
    : problem(`column ${deleteWhen} is ${column.type}: make it BOOLEAN, such as (status = 'deleted') AS ${column.name}`);
}

function warnings(reasons: readonly string[], volatile: readonly string[]): string[] {
  return [
    ...(reasons.length === 0
      ? []
      : [
          `the SQL is per batch (${reasons.join(", ")}): its result depends on which records arrive together; do this in the warehouse where it has to hold over all rows`,
        ]),
    ...(volatile.length === 0
      ? []
      : [
          `the SQL calls ${volatile.map((name) => `${name}()`).join(", ")}: a batch repeated after a crash may get other values; each record is still loaded exactly once`,
        ]),
  ];
}
