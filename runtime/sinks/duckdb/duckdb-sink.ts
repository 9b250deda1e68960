import assert from "node:assert";
import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { DuckdbSink } from "../../../crds/connectors/duckdb.ts";
import type { Column, TargetColumn } from "../../../transform/column.ts";
import { quoted } from "../../../transform/duckdb-type.ts";
import type { Rows } from "../../../transform/rows.ts";
import type { ComponentContext } from "../../component/context.ts";
import { NotConnected, TargetChanged, Terminal } from "../../component/errors.ts";
import type { Move, Position } from "../../component/position.ts";
import type { Sink, Written } from "../../component/sink.ts";
import { type Database, openDatabase } from "./database.ts";
import { isConflict, isOwnConflict, steered } from "./duckdb-errors.ts";
import { loadStatement } from "./load-statement.ts";
import { advance, claim, type Claimant, createPositions, judge, ownSchema, stored } from "./positions.ts";
import { createTurn, qualified, readTable, tableDigest, takeTurn } from "./table.ts";
import { planTable } from "./table-plan.ts";

/** Attempts of one transaction against others of this process that were first; then the engine waits and repeats the call. */
const attemptsMax = 12;
/** Wait after the first conflict; doubled each time up to `waitMsMax`, so that all attempts take about 2 s. */
const waitMsMin = 2;
const waitMsMax = 300;

/**
 * Opens the embedded warehouse: a table in a DuckDB file, with the positions in `snowline.positions` of the same file, so that
 * one transaction holds both. The file itself is opened by the first call, so that a file another process holds is something
 * the engine waits for. Throws Terminal where the manifest names Snowline's own tables.
 */
export async function openDuckdbSink(spec: DuckdbSink, context: ComponentContext): Promise<Sink> {
  if (spec.schema.toLowerCase() === ownSchema) {
    throw new Terminal("SchemaReserved", `sink.duckdb.schema: ${spec.schema} holds Snowline's positions: name another schema`);
  }
  return new DuckdbTable(spec, context);
}

class DuckdbTable implements Sink {
  readonly #spec: DuckdbSink;
  readonly #context: ComponentContext;
  readonly #path: string;
  readonly #key: readonly string[] | null;
  readonly #deleteWhen: string | null;
  readonly #claimant: Claimant;
  #opened: Database | null = null;
  #target: { readonly columns: readonly TargetColumn[]; readonly digest: string | null } | null = null;

  constructor(spec: DuckdbSink, context: ComponentContext) {
    this.#spec = spec;
    this.#context = context;
    this.#path = context.path(spec.path);
    this.#key = spec.mode.upsert?.key ?? null;
    this.#deleteWhen = spec.mode.upsert?.deleteWhen ?? null;
    this.#claimant = { pipeline: `${context.pipeline.namespace}/${context.pipeline.name}`, owner: randomUUID() };
  }

  async prepare(columns: readonly Column[]): Promise<readonly TargetColumn[]> {
    return this.#transaction(async (database) => {
      const { connection, catalog } = database;
      await connection.run(`CREATE SCHEMA IF NOT EXISTS ${catalog}.${ownSchema}`);
      if (this.#key !== null) await createTurn(database, this.#spec);
      const table = qualified(database, this.#spec);
      const existing = await readTable(database, this.#spec);
      const wanted = { evolution: this.#spec.schemaEvolution, key: this.#key, deleteWhen: this.#deleteWhen };
      const plan = planTable({ table, existing, columns, ...wanted });
      if (plan.kind === "refused") {
        throw new Terminal("TableMismatch", `table ${this.#spec.schema}.${this.#spec.table}: ${plan.problems.join("; ")}`);
      }
      if (existing === null) await connection.run(`CREATE SCHEMA IF NOT EXISTS ${catalog}.${quoted(this.#spec.schema)}`);
      for (const statement of plan.statements) await this.#define(database, statement);
      this.#target = { columns: plan.target, digest: await tableDigest(database, this.#spec) };
      return plan.target;
    }, isOwnConflict);
  }

  async restore(splits: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    if (splits.length === 0) return new Map();
    return this.#transaction(async (database) => {
      await createPositions(database);
      await claim(database, this.#claimant, splits);
      return stored(database, this.#claimant, splits);
    }, isOwnConflict);
  }

  async write(rows: Rows | null, moves: readonly Move[]): Promise<Written> {
    assert(moves.length > 0, "rows without moves could be loaded twice");
    assert(new Set(moves.map(({ split }) => split)).size === moves.length, "a split moves once in a batch");
    return this.#transaction(async (database): Promise<Written> => {
      const { conflicts, arrived } = await judge(database, this.#claimant, moves);
      if (arrived) return { kind: "written" };
      if (conflicts.length > 0) return { kind: "conflict", splits: conflicts };
      // Positions first: of two that may both go on, the later one learns it before it has loaded anything.
      assert((await advance(database, this.#claimant, moves)) === moves.length, "a transaction sees one snapshot");
      if (rows !== null) await this.#load(database, rows);
      return { kind: "written" };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #load(database: Database, rows: Rows): Promise<void> {
    assert(this.#target !== null, "prepare comes before rows");
    const name = `${this.#spec.schema}.${this.#spec.table}`;
    if ((await tableDigest(database, this.#spec)) !== this.#target.digest)
      throw new TargetChanged(`table ${name}: its columns have changed`);
    if (this.#key !== null) await takeTurn(database, this.#spec);
    const table = qualified(database, this.#spec);
    const upsert = this.#key === null ? null : { key: this.#key, deleteWhen: this.#deleteWhen };
    const statement = loadStatement({ table, target: this.#target.columns, columns: rows.columns, upsert });
    const { rowsChanged } = await database.connection.run(statement, [rows.path]);
    if (this.#key === null && rowsChanged !== rows.count) {
      throw new Error(`table ${name}: the hand-over file has ${rowsChanged} rows, not the ${rows.count} it was said to have`);
    }
  }

  /** Runs DDL; what DuckDB refuses (an index depends on the column, say) is the owner's to solve. */
  async #define(database: Database, statement: string): Promise<void> {
    try {
      await database.connection.run(statement);
    } catch (error) {
      if (!(error instanceof Error) || !/^(?:Binder|Dependency|Catalog|Parser|Not implemented) Error/.test(error.message))
        throw error;
      throw new Terminal(
        "TableNotChanged",
        `${statement}: ${error.message.split("\n", 1)[0]}: run it by hand as far as it is needed`,
        { cause: error },
      );
    }
    this.#context.log.info({ statement }, "changed the table");
  }

  /** One transaction, again from the start where its error says that others were first. */
  async #transaction<T>(work: (database: Database) => Promise<T>, isLost: (error: unknown) => boolean = isConflict): Promise<T> {
    let waitMs = waitMsMin;
    for (let attempt = 1; ; attempt++) {
      try {
        const database = (this.#opened ??= await openDatabase(this.#path));
        return await inTransaction(database, work);
      } catch (error) {
        if (error instanceof TargetChanged) throw error;
        if (!isLost(error)) throw await this.#failed(error);
        if (attempt === attemptsMax)
          throw new NotConnected(`DuckDB file ${this.#path}: other writers of this process keep it busy`);
      }
      await setTimeout(waitMs);
      waitMs = Math.min(waitMs * 2, waitMsMax);
    }
  }

  /** After NotConnected the next call opens the file anew: DuckDB may have given the instance up. */
  async #failed(error: unknown): Promise<Error> {
    const steer = steered(error, this.#path);
    if (steer instanceof NotConnected) await this.#close();
    return steer;
  }

  async #close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    await opened?.close();
  }
}

async function inTransaction<T>(database: Database, work: (database: Database) => Promise<T>): Promise<T> {
  const { connection } = database;
  await connection.run("BEGIN");
  try {
    const result = await work(database);
    await connection.run("COMMIT");
    return result;
  } catch (error) {
    // A failed COMMIT has ended the transaction already.
    await connection.run("ROLLBACK").catch(() => undefined);
    throw error;
  }
}
