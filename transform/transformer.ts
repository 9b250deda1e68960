import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { acceptStatement, aggregateNames } from "./accept-statement.ts";
import { batchTable, emptyBatch, partTable } from "./batch-sql.ts";
import { BatchRun } from "./batch-run.ts";
import type { CompiledTransform, Transformer, TransformerOptions } from "./compiled.ts";
import { type LockedDatabase, openLockedDatabase } from "./locked-database.ts";
import { Lookups } from "./lookups.ts";
import { outputColumns } from "./output-columns.ts";
import { type Rewritten, rewrite } from "./rewrite.ts";
import type { Lines, Reject, Transformed } from "./rows.ts";
import { suspectsSql } from "./suspects.ts";
import { needsRecords } from "./per-batch.ts";
import { targetSql } from "./target-sql.ts";

/**
 * A batch takes seconds; one that takes this long will not end, and nothing behind it is loaded meanwhile. It is as long as
 * Kafka waits for a consumer's next poll.
 */
const batchMsMaxDefault = 300_000;

/**
 * Opens a locked database for one pipeline's SQL and loads its lookups. Its files are in a directory of its own inside
 * `scratchDirectory`, which goes when the transformer is disposed. Throws when a lookup cannot be loaded.
 */
export async function openTransformer(options: TransformerOptions): Promise<Transformer> {
  const directory = await mkdtemp(join(options.scratchDirectory, "transform-"));
  let database: LockedDatabase | null = null;
  try {
    database = await openLockedDatabase({ directory, memoryBytes: options.memoryBytes, threads: options.threads });
    const lookups = await Lookups.open({ ...options, lookups: options.compiled.lookups, database, directory });
    const statements = await rewriteBoth(database, options.compiled);
    if (options.origins === true && !statements.whole.threaded) throw new Error(`transform.sql: ${needsRecords}`);
    return transformer(options, { database, directory, lookups, statements });
  } catch (error) {
    database?.close();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

interface Parts {
  readonly database: LockedDatabase;
  readonly directory: string;
  readonly lookups: Lookups;
  readonly statements: Statements;
}

/** The owner's statement over the whole batch and over a part of it, and the columns it yields. */
export interface Statements {
  readonly whole: Rewritten;
  readonly part: Rewritten;
  readonly output: CompiledTransform["output"];
  /** Made by `suspectsSql` over the whole batch. */
  readonly suspects: string | null;
}

/** What is compiled may come from elsewhere: it is checked again, and only then bound. */
async function rewriteBoth({ connection }: LockedDatabase, compiled: CompiledTransform): Promise<Statements> {
  const { sql, source, meta, lookups } = compiled;
  const accepted = await acceptStatement(connection, sql, Object.keys(lookups));
  if (Array.isArray(accepted)) throw new Error(`transform.sql: ${accepted.map(({ message }) => message).join("; ")}`);
  const aggregates = await aggregateNames(connection);
  const columns = source.map(({ name }) => name);
  const over = async (table: string): Promise<Rewritten> => {
    await connection.run(emptyBatch(table, source, meta));
    return rewrite({ connection, statement: accepted.statement, table, columns, meta, aggregates });
  };
  const [whole, part] = [await over(batchTable), await over(partTable)];
  const output = await outputColumns(connection, whole);
  const suspects = whole.threaded ? await suspectsSql(connection, whole.statement) : null;
  return { whole, part, output, suspects };
}

function transformer(options: TransformerOptions, { database, directory, lookups, statements }: Parts): Transformer {
  const { origins = false, upsertKey } = options;
  const sqlFor = (target: TransformerOptions["target"]) => {
    const shared = { threaded: statements.whole.threaded, output: statements.output, target, upsertKey, origins };
    return {
      whole: targetSql({ ...shared, sql: statements.whole.sql }),
      part: targetSql({ ...shared, sql: statements.part.sql }),
    };
  };
  const { whole, suspects } = statements;
  const batch = new BatchRun({
    connection: database.connection,
    directory,
    compiled: options.compiled,
    threaded: whole.threaded,
    origins,
    suspects,
  });
  let sql = sqlFor(options.target);
  const { batchMsMax = batchMsMaxDefault } = options;
  return {
    async run(lines: Lines, rejected: readonly Reject[], signal: AbortSignal): Promise<Transformed> {
      await lookups.refresh();
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(tooLong(batchMsMax)), batchMsMax);
      try {
        return await batch.run({ lines, rejected, signal: AbortSignal.any([signal, deadline.signal]), sql });
      } finally {
        clearTimeout(timer);
      }
    },
    async discard({ rows }: Transformed): Promise<void> {
      if (rows !== null) await rm(rows.path, { force: true });
    },
    retarget(target): void {
      sql = sqlFor(target);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await lookups.close();
      database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function tooLong(batchMsMax: number): Error {
  return new Error(
    `transform.sql: a batch took longer than ${batchMsMax / 1000} s and was stopped: look for a recursive CTE that does not end, a range() without bound, or a join without condition`,
  );
}
